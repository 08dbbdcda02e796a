"""An application to be tested: whoever signs up over HTTP is sent a mail with a link."""

from __future__ import annotations

from contextlib import contextmanager
from email.message import EmailMessage
from smtplib import SMTP, SMTPException
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from tests.web import Answer, web_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

    from smtpmock import SMTPMock

MISTAKES = ("its link leads nowhere", "it hides refused mail", "it sends what was refused once more")


@contextmanager
def application(mock: SMTPMock, mistake: str = "") -> Iterator[str]:
    """Run the application, with a mistake or without; yield its URL."""

    def sign_up(request: BaseHTTPRequestHandler) -> Answer:
        [address] = parse_qs(request.rfile.read(int(request.headers["Content-Length"])).decode())["address"]
        path = "nowhere" if mistake == MISTAKES[0] else "confirm"
        host, port = request.server.server_address[:2]
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "shop@example.com", address, "Welcome"
        mail.set_content(f"Please confirm: http://{host}:{port}/{path}?address={quote(address)}")
        for _ in range(2 if mistake == MISTAKES[2] else 1):
            try:
                with SMTP(mock.host, mock.port) as client:
                    client.send_message(mail)
            except SMTPException:
                status = 200 if mistake == MISTAKES[1] else 503
            else:
                status = 200
                break
        return Answer(status)

    def answer(request: BaseHTTPRequestHandler) -> Answer:
        if request.command == "POST":
            return sign_up(request)
        url = urlsplit(request.path)
        if url.path == "/confirm":
            return Answer(200, f"Welcome, {parse_qs(url.query)['address'][0]}".encode())
        return Answer(404)

    with web_server(answer) as url:
        yield url
