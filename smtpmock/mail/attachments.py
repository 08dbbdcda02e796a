"""Attachments, and saving them safely to a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smtpmock.mail.files import safe_name, write_new
from smtpmock.text import shorten

if TYPE_CHECKING:
    import os
    from pathlib import Path

_UNNAMED = "attachment"


def format_size(number: int) -> str:
    """Return a number of bytes in a readable form, such as "1.2 kB"."""
    if number < 1000:
        return f"{number} B"
    return f"{number / 1e3:.1f} kB" if number < 1e6 else f"{number / 1e6:.1f} MB"


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A file in a mail, an inline image, or a forwarded mail.

    Attributes:
        name: The file name, decoded (RFC 2231, RFC 2047); "" if there is none. It may be hostile: see `save`.
        content_type: The media type in lower case, such as "application/pdf".
        content: The bytes of the file, decoded.
        content_id: The identifier in `cid:` links of the HTML, without angle brackets; "" if there is none.
        part_id: The number of its part in the mail, as in IMAP: "1", "2.1".
        is_inline: True if it is declared as inline, or has a `content_id` and is not declared as an attachment.

    Example:
        >>> Attachment("invoice.pdf", "application/pdf", b"x" * 1200)
        <Attachment 'invoice.pdf' application/pdf 1.2 kB>
    """

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    part_id: str = ""
    is_inline: bool = False

    @property
    def size(self) -> int:
        """The number of bytes of the content."""
        return len(self.content)

    @property
    def safe_name(self) -> str:
        """The file name without folders and dangerous characters, as `save` uses it; "attachment" if there is none.

        Example:
            >>> Attachment("../../a:b.txt", "text/plain", b"").safe_name
            'a_b.txt'
        """
        return "".join(safe_name(self.name, _UNNAMED))

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the content to a new file in the folder, which is created if it does not exist.

        The file stays in the folder whatever its name is, no existing file is overwritten, and no symbolic link is
        followed: folders and dangerous characters are removed from the name, and a number is added if it is taken.

        Returns:
            The path of the new file.

        Raises:
            OSError: If the folder or the file cannot be written.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     [Attachment("../a.txt", "text/plain", b"").save(folder).name for _ in range(2)]
            ['a.txt', 'a-1.txt']
        """
        return write_new(folder, *safe_name(self.name, _UNNAMED), self.content)

    def __repr__(self) -> str:
        return f"<Attachment {shorten(self.name, 200)!r} {self.content_type} {format_size(self.size)}>"
