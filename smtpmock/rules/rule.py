"""A rule, as users hold it: its definition, its counters, and the way to remove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smtpmock.errors import ExpectationError
from smtpmock.rules.definition import RuleDefinition
from smtpmock.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from smtpmock.rules.gates import Gate


class Usage:
    """The counters of a rule.

    Attributes:
        asked: The number of times that it was asked at its stage.
        hits: The number of times that it applied.
    """

    __slots__ = ("asked", "hits")

    def __init__(self, asked: int = 0, hits: int = 0) -> None:
        self.asked: int = asked
        self.hits: int = hits


class Rule(RuleDefinition):
    """A rule, as `SMTPMock.on` returns it.

    Attributes:
        id: Its id on its server; "" until it is added to one.
        stage: The stage at which it is asked.
        reply: Its reply; None for the reply from the settings.
        then: Its action instead of the reply, or after it.
        profile: The name of the profile that it belongs to; "" if it was added.

    Raises:
        RuleError: If a word is unknown or not available at the stage, or a value is invalid.

    Example:
        >>> from smtpmock import SMTPMock
        >>> mock = SMTPMock()
        >>> rule = mock.on("RCPT TO", recipient="bob@example.com", times=2, reply="450 4.7.1 Greylisted")
        >>> rule.hits, len(mock.rules)
        (0, 1)
        >>> rule.remove()
    """

    def __init__(
        self,
        stage: str,
        words: Mapping[str, Any],
        *,
        gate: Gate | None = None,
    ) -> None:
        super().__init__(stage, words, gate=gate)
        self.id: str = ""
        self.profile: str = ""
        self._usage = Usage()
        self._count: Callable[[], Usage] | None = None
        self._remove: Callable[[], object] | None = None
        self._ended_unused: Callable[[], object] | None = None

    def __repr__(self) -> str:
        return f"<Rule {self}, {pluralize(self.hits, 'hit')}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()
        if error is None and not self.hits and self._ended_unused is not None:
            self._ended_unused()

    @property
    def hits(self) -> int:
        """The number of times that it applied."""
        return self.usage.hits

    @property
    def asked(self) -> int:
        """The number of times that it was asked at its stage."""
        return self.usage.asked

    @property
    def usage(self) -> Usage:
        """The counters, which the rule book updates, or which are asked of the server elsewhere that has them."""
        return self._usage if self._count is None else self._count()

    def belong(
        self,
        rule_id: str,
        remove: Callable[[], object],
        ended_unused: Callable[[], object],
        count: Callable[[], Usage] | None = None,
    ) -> None:
        """Take the id and the callbacks of the rule book to which the rule was added.

        Args:
            rule_id: Its id.
            remove: Removes it.
            ended_unused: Remembers that its block ended before it was used.
            count: Returns its counters; None if they are its own.
        """
        self.id = rule_id
        self._remove = remove
        self._ended_unused = ended_unused
        self._count = count

    def remove(self) -> None:
        """Remove the rule; do nothing if it was removed before.

        Example:
            >>> from smtpmock import SMTPMock
            >>> mock = SMTPMock()
            >>> mock.fail_next().remove()
            >>> mock.rules
            ()
        """
        if self._remove is not None:
            self._remove()

    def assert_used(self, times: int | None = None) -> None:
        """Make sure that the rule has applied.

        Args:
            times: The exact number of times; None for at least once.

        Raises:
            ExpectationError: If it has not; the text says how often it was asked.
        """
        if self.hits == times or (times is None and self.hits):
            return
        expected = "at least once" if times is None else pluralize(times, "time")
        at = "any stage" if self.stage == "*" else self.stage
        raise ExpectationError(
            f"The rule {self} was expected to be used {expected}, but was used {pluralize(self.hits, 'time')}: "
            f"it was asked {pluralize(self.asked, 'time')} at {at}."
        )
