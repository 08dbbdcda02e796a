"""Suggestions for misspelt names of arguments, which Robot Framework refuses in its own words."""

import re
from collections.abc import Iterable
from inspect import signature
from typing import Any

from SMTPMockLibrary.api import INSTEAD, unknown

__all__ = ["suggestion"]

_REFUSED = re.compile(r"Keyword '.*' expected .*\bnon-named arguments?, got ")
_NAMED = re.compile(r"([A-Za-z_]\w*)=")


def suggestion(library: object, name: str, arguments: Iterable[Any], error: str) -> str:
    """Return a sentence about the first argument whose name is unknown; "" if that is not what is wrong.

    Args:
        library: The library.
        name: The name of the keyword.
        arguments: Its arguments as they are written in the test.
        error: The error of Robot Framework, to which such arguments are positional.
    """
    if not _REFUSED.match(error):
        return ""
    methods = (getattr(library, attribute, None) for attribute in dir(library))
    method = next((method for method in methods if getattr(method, "robot_name", None) == name), None)
    if method is None:
        return ""
    names = [parameter.name for parameter in signature(method).parameters.values()]
    written = (match[1] for argument in arguments if (match := _NAMED.match(str(argument))))
    return next((unknown("argument", word, names, INSTEAD) for word in written if word not in names), "")
