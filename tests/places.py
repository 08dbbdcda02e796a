"""Where the server of a test can be: in its process, in another one with its records in a file, or behind HTTPS."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from smtpmock import SMTPMock, connect
from tests.farm import Farm

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACES = ("local", "process", "https")
LOGIN = ("tester", "secret: 1")

_farms: list[Farm] = []


@contextmanager
def served(place: str, **settings: Any) -> Iterator[Any]:
    """Give a server in a place, and make sure at the end that nothing unexpected happened in it."""
    if place == "local":
        with SMTPMock(**settings) as mock:
            yield mock
        assert mock.errors == []
    elif place == "https":
        server = SMTPMock(http_port=0, http_tls=True, http_auth=":".join(LOGIN), **settings)
        with server, connect(server.http_url, auth=LOGIN, cafile=server.ca_certificate, **_of_client(server)) as mock:
            yield mock
        assert server.errors == []
    else:
        with farm().served(settings) as mock:
            yield mock


def _of_client(server: SMTPMock) -> dict[str, Any]:
    return {"timeout": server.settings.timeout, "ignore_violations": server.settings.ignore_violations}


def farm() -> Farm:
    """Return the process of this run; start it if there is none."""
    if not _farms:
        _farms.append(Farm())
    return _farms[0]


def end_farm() -> None:
    """End the process of this run."""
    while _farms:
        _farms.pop().end()
