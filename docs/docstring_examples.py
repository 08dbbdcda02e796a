"""The examples of docstrings as code: Griffe knows the section `Examples`, and this project writes `Example`."""

from typing import Any

import griffe


class DocstringExamples(griffe.Extension):
    """Reads the section `Example` as `Examples`."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rename the section of a docstring."""
        if obj.docstring:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
