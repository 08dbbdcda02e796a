"""SMTP beside an open stream of events over HTTP, next to SMTP of a server without HTTP."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from socket import SHUT_RDWR, create_connection
from statistics import median
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.load import Load
from benchmarks.processes import Server
from benchmarks.results import Figure, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.plan import Plan

_CASES = {"one per connection": Load(4000), "connections kept open": Load(8000, keep_open=True)}

_SECONDS = 30
"""After which events that have not come are taken to be missing."""


def measure(plan: Plan) -> Iterator[Figure]:
    """Measure messages per second with new connections and with open ones."""
    for how, load in _CASES.items():
        what = f"1 kB messages per second, {how}, beside an open event stream"
        if find_spec("falcon") is None:
            yield Figure(what, "without HTTP", None, target=0.9, note="the extra http is not installed")
            continue
        rates: dict[str, list[float]] = {"http": [], "": []}
        for http in plan.rounds(rates, what):
            rates[http].append(_rate(plan, load._replace(messages=plan.scaled(load.messages)), http))
        value, rounds = ratio(rates["http"], rates[""])
        note = f"{median(rates['http']):,.0f}/s / {median(rates['']):,.0f}/s"
        yield Figure(what, "without HTTP", value, target=0.9, note=note, rounds=rounds)


def _rate(plan: Plan, load: Load, http: str) -> float:
    with Server("smtpmock", "", "", http) as server:
        plan.generator.deliver(server.port, load._replace(messages=min(load.messages, 40)))
        if not http:
            return load.messages / plan.generator.deliver(server.port, load)
        with _followed(server.url()):
            return load.messages / plan.generator.deliver(server.port, load)


@contextmanager
def _followed(server: str) -> Iterator[None]:
    """Read the events of a server, as they come."""
    came = Event()

    def read() -> None:
        while client.recv(65_536):
            came.set()

    url = urlsplit(server)
    with create_connection((url.hostname or "", url.port or 0)) as client:
        client.sendall(f"GET /api/smtpmock/v1/events HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
        assert client.recv(65_536).startswith(b"HTTP/1.1 200 ")
        reader = Thread(target=read)
        reader.start()
        try:
            yield
            assert came.wait(_SECONDS), "no events were read"
        finally:
            client.shutdown(SHUT_RDWR)
            reader.join()
