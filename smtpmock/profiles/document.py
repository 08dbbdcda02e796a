"""Reading a TOML document, with errors of one sentence."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtpmock.text import shorten

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_REASON = 200  # characters


def read_document(path: str | Path, error_type: Callable[[str], Exception]) -> tuple[str, dict[str, Any]]:
    """Return the text of a TOML file, and its document.

    Args:
        path: The path of the file.
        error_type: The exception to raise if the file cannot be read.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise error_type(f"The file {path} cannot be read: {error.strerror}") from None
    return parse_document(content, f"The file {path}", error_type)


def parse_document(content: bytes, source: str, error_type: Callable[[str], Exception]) -> tuple[str, dict[str, Any]]:
    """Return the text of a TOML document, and what it says.

    Args:
        content: The document, in UTF-8.
        source: What it is, at the beginning of a sentence.
        error_type: The exception to raise if it cannot be read.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        text = content.decode()
        return text, tomllib.loads(text)
    except RecursionError:
        raise error_type(f"{source} cannot be read: it is nested too deeply") from None
    except ValueError as error:  # from TOML, UTF-8 or `int`
        is_of_int = type(error) is ValueError
        reason = "an integer has too many digits" if is_of_int else shorten(str(error), _LONGEST_REASON)
        raise error_type(f"{source} cannot be read: {reason}") from None
