"""An application to be tested: whoever signs up over HTTP is sent a mail with a link."""

from __future__ import annotations

from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from smtplib import SMTP, SMTPException
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smtpmock import SMTPMock

MISTAKES = ("its link leads nowhere", "it hides refused mail", "it sends what was refused once more")


@contextmanager
def application(mock: SMTPMock, mistake: str = "") -> Iterator[str]:
    """Run the application, with a mistake or without; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            [address] = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["address"]
            path = "nowhere" if mistake == MISTAKES[0] else "confirm"
            host, port = self.server.server_address[:2]
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
            self._answer(status, "")

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/confirm":
                self._answer(200, f"Welcome, {parse_qs(url.query)['address'][0]}")
            else:
                self._answer(404, "")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
