"""Contents of mails for tests."""

from __future__ import annotations

from binascii import b2a_qp

from smtpmock.mail.content import Content


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def plain(body: str) -> Content:
    return Content(crlf("\n" + body))


def page(body: str) -> Content:
    return Content(crlf("Content-Type: text/html; charset=utf-8\n\n" + body))


def multipart(*parts: str, kind: str = "mixed") -> Content:
    body = "".join(f"--b\n{part}\n" for part in parts)
    return Content(crlf(f"Content-Type: multipart/{kind}; boundary=b\n\nPreamble\n{body}--b--\nEpilogue\n"))


def quoted_printable(data: bytes) -> bytes:
    return b2a_qp(data, istext=False).replace(b"=0D=0A", b"\r\n")


MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
