"""The splitting of a mail into its parts, in one pass and linear time, whatever the mail contains.

It reads what the standard `email` package reads, even in broken mails: lines end with CR LF, CR or LF, a header ends
at a line that is not a field, a delimiter of an outer multipart ends the inner ones. In addition, it has limits: what
is nested more deeply, or follows too many parts or header fields, is not split.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from smtpmock.mail.mime import Part

_END_OF_LINE = rb"(?:\r\n|[\r\n])"
# A field with its folded lines; without a name: the first line of a mailbox file, or a continuation of nothing.
_FIELD = re.compile(
    rb"(?:([!-9;-~]*):|From |[ \t])([^\r\n]*(?:%b[ \t][^\r\n]*)*)(?:%b|\Z)" % (_END_OF_LINE, _END_OF_LINE)
)
_LINE_END = re.compile(_END_OF_LINE)
_LINE_END_AT_END = re.compile(_END_OF_LINE + rb"\Z")
_DASHES = re.compile(rb"[\r\n]--([^\r\n]*)")

_LONGEST_VALUE = 10_000  # of the fields that describe a part
_TEXTS = frozenset({"text/plain", "text/html"})
_SHORTEST_VALUE = 200  # that is always read of them


class Limits(NamedTuple):
    """The limits to which a mail is split.

    Attributes:
        levels: The most multiparts around a multipart.
        parts: The most parts in multiparts.
        fields: The most fields in the headers of all parts.
        values: The most characters in the fields of all parts that describe them.
    """

    levels: int
    parts: int
    fields: int
    values: int


LIMITS = Limits(levels=20, parts=10_000, fields=100_000, values=500_000)


def read(raw: bytes) -> Part:
    r"""Return a mail, or any other bytes, as its outermost part.

    Example:
        >>> [part.text for part in read(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nHi\n--x--\n").leaves]
        ['Hi']
    """
    return Splitter(raw).split()


def texts_in(mail: Part) -> dict[str, str]:
    """Return the first text of each type; those of a forwarded mail only if the mail has neither text nor HTML."""
    for _ in range(LIMITS.levels):
        leaves = mail.leaves
        found = {part.type: part for part in reversed(leaves) if not part.is_attachment}
        inner = next((part for part in leaves if part.type in ("message/rfc822", "message/global")), None)
        if inner is None or not _TEXTS.isdisjoint(found):
            break
        mail = read(inner.content)
    return {name: part.text for name, part in found.items() if name in _TEXTS}


class Splitter:
    """A splitter of a mail. At any position, a chain of multiparts is open, and perhaps a leaf in the innermost one.

    Args:
        raw: The mail.
        limits: The limits to which it is split.
        follows_mails: True to split the mails within the mail as well.

    Attributes:
        exceeded: The limits that were exceeded.
    """

    def __init__(self, raw: bytes, limits: Limits = LIMITS, *, follows_mails: bool = False) -> None:
        self.exceeded: set[str] = set()
        self._raw = raw
        self._position = 0
        self._limits = limits
        self._follows_mails = follows_mails
        self._fields_left = limits.fields
        self._parts_left = limits.parts
        self._values_left = limits.values
        self._multiparts: list[Part] = []
        self._levels: dict[bytes, int] = {}  # of the outermost multipart with each boundary
        self._leaf: Part | None = None

    def split(self) -> Part:
        """Return the mail as its outermost part."""
        root = Part(self._raw)
        self._begin(root)
        while self._multiparts:
            dashes = _DASHES.search(self._raw, self._position - 1)
            if dashes is None:
                break
            self._position = dashes.end()
            text = dashes[1].rstrip(b" \t")
            level = self._levels.get(text)
            if level is not None:
                if not self._parts_left:
                    self._leave_the_rest()
                    break
                self._end_parts(level + 1, dashes.start())
                self._skip_line_end()
                while (again := _DASHES.match(self._raw, self._position - 1)) and again[1].rstrip(b" \t") == text:
                    self._position = again.end()  # there is no part between these
                    self._skip_line_end()
                self._begin(self._new_part(self._multiparts[level]))
            elif text.endswith(b"--") and text[:-2] in self._levels:
                level = self._levels[text[:-2]]
                self._multiparts[level].is_closed = True
                self._end_parts(level, dashes.start())
        last = _LINE_END_AT_END.search(self._raw, max(len(self._raw) - 2, 0)) if self._multiparts else None
        self._end_parts(1, last.start() if last else len(self._raw))
        self._end_parts(0, len(self._raw))
        return root

    def _skip_line_end(self) -> bool:
        end = _LINE_END.match(self._raw, self._position)
        self._position = end.end() if end else self._position
        return end is not None

    def _new_part(self, parent: Part) -> Part:
        default_type = "message/rfc822" if parent.declared_type == "multipart/digest" else "text/plain"
        part = Part(self._raw, parent.level + 1, default_type)
        parent.parts.append(part)
        self._parts_left -= 1
        return part

    def _begin(self, part: Part) -> None:
        self._read_header(part)
        boundary = part.boundary.encode("utf-8") if part.declared_type.startswith("multipart/") else b""
        is_mail = self._follows_mails and part.declared_type.startswith("message/")
        if (boundary or is_mail) and part.level >= self._limits.levels:
            self.exceeded.add("levels")
            boundary = b""
        elif is_mail and self._parts_left:
            self._begin(self._new_part(part))
            return
        if boundary:
            self._levels.setdefault(boundary, len(self._multiparts))
            self._multiparts.append(part)
            self._leaf = None
        else:
            self._leaf = part

    def _read_header(self, part: Part) -> None:
        start = self._position
        while field := _FIELD.match(self._raw, self._position):
            if not self._fields_left:
                self.exceeded.add("fields")
                break
            if field.end() == self._position or (self._levels and self._is_delimiter(field)):
                break
            self._fields_left -= 1
            if field[1]:
                part.raw_fields.append((field[1], field[2]))
            self._position = field.end()
        has_separator = self._skip_line_end()
        if self._values_left < 0:
            self.exceeded.add("values")
        longest = max(_SHORTEST_VALUE, min(_LONGEST_VALUE, self._values_left))
        self._values_left -= part.open(self._position, longest, has_separator=has_separator)
        # The search for delimiters needs the preceding line end.
        self._position = max(self._position, start, 1)

    def _is_delimiter(self, field: re.Match[bytes]) -> bool:
        """Return True if an apparent field is a delimiter: a boundary may contain a colon."""
        if not field[0].startswith(b"--"):
            return False
        line = re.split(rb"[\r\n]", field[0], maxsplit=1)[0][2:].rstrip(b" \t")
        return line in self._levels or line.removesuffix(b"--") in self._levels

    def _end_parts(self, level: int, end: int) -> None:
        """End the parts from a level on, before the line end that belongs to a delimiter."""
        end -= self._raw[max(end - 1, 0) : end + 1] == b"\r\n"
        for part in (*self._multiparts[level:], *((self._leaf,) if self._leaf else ())):
            part.close(end)
        self._leaf = None
        del self._multiparts[level:]
        self._levels = {boundary: place for boundary, place in self._levels.items() if place < level}

    def _leave_the_rest(self) -> None:
        """Leave the rest to the last open part."""
        self.exceeded.add("parts")
        for part in self._multiparts:
            part.is_closed = True
