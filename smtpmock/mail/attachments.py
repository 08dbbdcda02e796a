"""Attachments, and saving them safely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smtpmock.mail.files import safe_name, write, write_new
from smtpmock.text import format_size, shorten

if TYPE_CHECKING:
    import os
    from pathlib import Path

_UNNAMED = "attachment"


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """A file in a mail, an inline image, or a forwarded mail.

    Attributes:
        name: The file name, decoded (RFC 2231, RFC 2047); "" if the file has no name. It may be hostile: see `save`.
        content_type: The media type in lower case, such as "application/pdf".
        content: The bytes of the file, decoded.
        content_id: The identifier in `cid:` links of the HTML, without angle brackets; "" if the part has none.
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
        """The file name as `save` uses it, without folders and dangerous characters; "attachment" without a name.

        Example:
            >>> Attachment("../../a:b.txt", "text/plain", b"").safe_name
            'a_b.txt'
        """
        return "".join(safe_name(self.name, _UNNAMED))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the content to a file, or to a new file with the name of the attachment in a folder.

        Folders are created, and an existing file is overwritten. In a folder, the file stays there whatever its name
        is, no existing file is overwritten, and no symbolic link is followed: folders and dangerous characters are
        removed from the name, and a number is added if it is taken.

        Args:
            path: The path of the file, or a folder: one that exists, or a text that ends with a slash.

        Returns:
            The path of the file.

        Raises:
            OSError: If the folder or the file cannot be written.

        Example:
            >>> import tempfile
            >>> attachment = Attachment("../a.txt", "text/plain", b"")
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     [attachment.save(path).name for path in (f"{folder}/mine.txt", folder, folder, f"{folder}/new/")]
            ['mine.txt', 'a.txt', 'a-1.txt', 'a.txt']
        """
        import os

        if os.path.isdir(path) or os.fspath(path).endswith(("/", os.sep)):  # noqa: PTH112 - a Path has no last slash
            return write_new(path, *safe_name(self.name, _UNNAMED), self.content)
        return write(path, self.content)

    def __repr__(self) -> str:
        return f"<Attachment {shorten(self.name, 200)!r} {self.content_type} {format_size(self.size)}>"
