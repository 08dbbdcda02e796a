"""Content of mails as downloads: under a name that cannot harm, and a policy under which nothing in it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from smtpmock.mail.attachments import Attachment

if TYPE_CHECKING:
    import falcon

_POLICY = "sandbox; default-src 'none'"


def content_disposition(name: str) -> str:
    r"""Return the value of Content-Disposition for a download (RFC 6266).

    Args:
        name: The file name, which may be hostile; folders and dangerous characters are removed.

    Example:
        >>> content_disposition('../a"\r\nX: é.pdf')
        'attachment; filename="a___X_ _.pdf"; filename*=UTF-8\'\'a___X_%20%C3%A9.pdf'
    """
    safe = Attachment(name, "", b"").safe_name
    plain = "".join(c if c.isascii() and c not in "%;" else "_" for c in safe)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def write_download(response: falcon.Response, content: bytes, media_type: str, name: str) -> None:
    """Answer with a download.

    Args:
        response: The response.
        content: The bytes.
        media_type: Their media type.
        name: The file name, which may be hostile.
    """
    response.data = content
    response.content_type = media_type
    response.set_header("Content-Disposition", content_disposition(name))
    response.set_header("Content-Security-Policy", _POLICY)
    response.set_header("X-Content-Type-Options", "nosniff")
    response.set_header("Cache-Control", "no-store")
