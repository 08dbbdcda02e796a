"""Fixtures of the tests of HTTP: a server, and a client that knows nothing of smtpmock."""

from __future__ import annotations

import json
from smtplib import SMTP
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

import pytest
import urllib3

from smtpmock import SMTPMock

if TYPE_CHECKING:
    from collections.abc import Iterator

API = "/api/smtpmock/v1"
SECONDS = 30


class Response(NamedTuple):
    """A response."""

    status: int
    headers: urllib3.HTTPHeaderDict
    content: bytes

    @property
    def json(self) -> Any:
        """The body, which has to be JSON."""
        assert "json" in self.headers["Content-Type"], self
        return json.loads(self.content)

    @property
    def detail(self) -> str:
        """The sentence of a problem, which has to be one."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        problem = self.json
        assert problem["status"] == self.status
        assert self.status >= 400
        return problem["detail"]


class Client:
    """A client of a server's HTTP interface."""

    def __init__(self, mock: SMTPMock) -> None:
        self._pool = urllib3.PoolManager(retries=False, timeout=SECONDS)
        self._url = mock.http_url

    def ask(self, method: str, path: str, **options: Any) -> Response:
        """Send a request for a path of the whole server."""
        response = self._pool.request(method, self._url + path, **options)
        return Response(response.status, response.headers, response.data)

    def get(self, path: str, **parameters: Any) -> Response:
        """Ask the native API."""
        return self._call("GET", path, parameters)

    def delete(self, path: str, **parameters: Any) -> Response:
        return self._call("DELETE", path, parameters)

    def post(self, path: str, body: Any = None, **parameters: Any) -> Response:
        return self._call("POST", path, parameters, **({} if body is None else _as_json(body)))

    def put(self, path: str, body: Any, **parameters: Any) -> Response:
        return self._call("PUT", path, parameters, **_as_json(body))

    def patch(self, path: str, body: Any, **parameters: Any) -> Response:
        return self._call("PATCH", path, parameters, **_as_json(body))

    def _call(self, method: str, path: str, parameters: dict[str, Any], **options: Any) -> Response:
        query = f"?{urlencode(parameters, doseq=True)}" if parameters else ""
        return self.ask(method, API + path + query, **options)

    def close(self) -> None:
        self._pool.clear()


def _as_json(body: Any) -> dict[str, Any]:
    return {"body": json.dumps(body).encode(), "headers": {"Content-Type": "application/json"}}


def send(mock: SMTPMock, *recipients: str, sender: str = "a@example.com", mail: str = "Subject: hi") -> None:
    """Send a mail over SMTP."""
    with SMTP(mock.host, mock.port, timeout=SECONDS) as client:
        client.sendmail(sender, recipients or ["b@example.com"], mail.replace("\n", "\r\n").encode())


@pytest.fixture
def mock() -> Iterator[SMTPMock]:
    """A server with HTTP."""
    with SMTPMock(http_port=0) as mock:
        yield mock
        assert mock.errors == []


@pytest.fixture
def client(mock: SMTPMock) -> Iterator[Client]:
    """A client of the server."""
    client = Client(mock)
    yield client
    client.close()
