"""Regular expressions that come over HTTP: RE2 searches in linear time, whatever the expression is."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import re2

from smtpmock.errors import QueryError
from smtpmock.patterns import Expression
from smtpmock.text import invalid, quote, readable

REGEXP = "REGEXP:"
"""The beginning of a regular expression that is written as text."""

_MOST_MEMORY = 1 << 20  # bytes that a compiled expression may take
_LONGEST = 1_000  # characters


class LinearExpression(Expression):
    """A regular expression in RE2's syntax.

    Args:
        pattern: The expression as text.

    Raises:
        QueryError: If RE2 refuses it.

    Example:
        >>> LinearExpression("^a+$").search("aaa") is not None
        True
    """

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
        if len(pattern) > _LONGEST:
            raise QueryError(f"Invalid regular expression {quote(pattern)}: expected at most {_LONGEST} characters")
        self._compiled  # noqa: B018  # refuses it now

    @cached_property
    def _compiled(self) -> Any:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MOST_MEMORY
        try:
            return re2.compile(self.pattern, options)
        except re2.error as error:
            reason = error.args[0] if error.args else error
            shown = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
            raise QueryError(invalid("regular expression", self.pattern, f"the syntax of RE2 ({shown})")) from None
        except UnicodeEncodeError:
            raise QueryError(invalid("regular expression", self.pattern, "text")) from None

    def __getstate__(self) -> dict[str, Any]:
        return {"pattern": self.pattern}

    def search(self, text: str) -> object:
        """Search for the expression in a text; return None if it is not there."""
        return self._compiled.search(readable(text))


def from_text(text: str) -> str | LinearExpression:
    """Return a value to ask for: the expression after ``REGEXP:``, or the text itself.

    Raises:
        QueryError: If RE2 refuses the expression.
    """
    return LinearExpression(text.removeprefix(REGEXP)) if text.startswith(REGEXP) else text
