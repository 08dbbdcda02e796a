"""A client of Mailpit's API, and mails for it."""

from __future__ import annotations

import json
from email.message import EmailMessage
from smtplib import SMTP
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock import SMTPMock
    from tests.http.conftest import Client, Response

TEXT = "text/plain; charset=utf-8"


class Mailpit:
    """A client of Mailpit's API."""

    def __init__(self, client: Client) -> None:
        self.ask = client.ask

    def get(self, path: str, **parameters: Any) -> Any:
        """Return the JSON document at a path below `/api/v1`."""
        response = self.call("GET", path, **parameters)
        assert (response.status, response.headers["Content-Type"]) == (200, "application/json"), response
        return json.loads(response.content)

    def change(self, method: str, path: str, body: Any = None, **parameters: Any) -> None:
        """Send a request that is answered with ok."""
        response = self.call(method, path, body, **parameters)
        assert (response.status, response.headers["Content-Type"], response.content) == (200, TEXT, b"ok")

    def refused(self, method: str, path: str, body: Any = None, status: int = 400, **parameters: Any) -> str:
        """Return the sentence with which a request is refused."""
        response = self.call(method, path, body, **parameters)
        assert (response.status, response.headers["Content-Type"]) == (status, TEXT), response
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        return response.content.decode()

    def call(self, method: str, path: str, body: Any = None, **parameters: Any) -> Response:
        query = f"?{urlencode(parameters)}" if parameters else ""
        sent = {} if body is None else {"body": json.dumps(body), "headers": {"Content-Type": "application/json"}}
        return self.ask(method, f"/api/v1{path}{query}", **sent)

    def subjects(self, **parameters: Any) -> list[str]:
        """Return the subjects of the messages that are listed, or that a search finds."""
        path = "/search" if "query" in parameters else "/messages"
        return [message["Subject"] for message in self.get(path, **parameters)["messages"]]


@pytest.fixture
def mailpit(client: Client) -> Mailpit:
    return Mailpit(client)


@pytest.fixture
def send(mock: SMTPMock) -> Callable[..., str]:
    """Sends a mail, and returns its ID."""

    def send(subject: str = "Hello", to: str = "bob@example.com", raw: bytes | None = None, **fields: str) -> str:
        mail = EmailMessage()
        mail["From"] = "Shop <shop@example.com>"
        mail["To"] = to
        mail["Subject"] = subject
        for name, value in fields.items():
            mail[name.replace("_", "-")] = value
        mail.set_content("Hello, world\n")
        with SMTP(mock.host, mock.port) as client:
            client.sendmail("shop@example.com", [to], mail.as_bytes() if raw is None else raw)
        return mock.messages()[-1].id

    return send


@pytest.fixture
def order(mock: SMTPMock) -> str:
    """A mail that has everything that the API shows; returns its ID."""
    mail = EmailMessage()
    mail["From"] = "Zoë <shop@example.com>"
    mail["To"] = '"Doe, Bob" <bob@example.com>, carol@example.com'
    mail["Cc"] = "Team: dave@example.com;"
    mail["Reply-To"] = "answers@example.com"
    mail["Subject"] = "Grüße"
    mail["Date"] = "Sat, 21 Nov 2026 10:30:00 +0100"
    mail["Message-ID"] = "<order-7@example.com>"
    mail["x-iD-of-order"] = "7"
    mail["X-Id-Of-Order"] = "8"
    mail["List-Unsubscribe"] = "<https://example.com/stop?id=7>, <mailto:stop@example.com>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content("Hello,\n  world\n")
    mail.add_alternative('<p>Hello <img src="cid:logo@example.com"> <img src=CID:none></p>', subtype="html")
    mail.add_attachment(b"%PDF-1.7", "application", "pdf", filename="Grüße.pdf")
    mail.add_attachment(b"\x89PNG", "image", "png", cid="<logo@example.com>", disposition="inline")
    with SMTP(mock.host, mock.port) as client:
        client.send_message(mail, "bounces@example.com", ["bob@example.com", "carol@example.com", "hidden@example.com"])
    return mock.messages()[-1].id
