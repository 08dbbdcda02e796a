"""Render the page of keywords as libdoc does: python docs/render_keywords.py keywords.html."""

import sys
from pathlib import Path

from robot.libdocpkg import LibraryDocumentation


def render(path: Path) -> None:
    """Write the page to a file."""
    library = LibraryDocumentation("SMTPMockLibrary")
    library.source = None  # the place where the library is installed here
    for found in (*library.inits, *library.keywords):
        found.source = None
    library.convert_docs_to_html()
    library.save(str(path), "HTML")


if __name__ == "__main__":
    render(Path(sys.argv[1]))
