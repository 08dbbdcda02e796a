"""Command lines, and a memory of those that were read lately: most come again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtpmock.protocol.commands import Command
    from smtpmock.rfc.grammar import Path

_MOST_REMEMBERED = 1024
_LONGEST_REMEMBERED = 512  # bytes: RFC 5321 section 4.5.3.1.4

_WHITE_SPACE = " \t\v\f\r"

KNOWN: dict[bytes, CommandLine] = {}
"""The lines that are remembered, by their bytes with the line end. To look one up takes 0.1 us instead of 3."""


@dataclass(slots=True, eq=False)
class CommandLine:
    """A line with a command.

    Attributes:
        command: The command.
        request: The line without surrounding white space.
        argument: The text after the prefix of the command; without surrounding white space if a path is expected.
        path: The path; None if it is invalid, or the command takes no path.
    """

    command: Command
    request: str
    argument: str
    path: Path | None

    @classmethod
    def read(cls, command: Command, request: str) -> CommandLine:
        """Return the line of a command that was recognised.

        Example:
            >>> from smtpmock.protocol.commands import recognise
            >>> CommandLine.read(recognise(b"RCPT TO:"), "RCPT TO: <b@example.com>").path.address
            'b@example.com'
        """
        argument = request[command.length :]
        if command.read_path is None:
            return cls(command, request, argument, None)
        argument = argument.strip(_WHITE_SPACE)
        return cls(command, request, argument, command.read_path(argument))


def remember(octets: bytes, line: CommandLine) -> None:
    """Remember a line that is always read in the same way.

    Args:
        octets: Its bytes, with the line end.
        line: The line.
    """
    if len(octets) > _LONGEST_REMEMBERED:
        return
    if len(KNOWN) >= _MOST_REMEMBERED:
        KNOWN.clear()
    KNOWN[octets] = line
