"""A client of the native API: documents instead of responses, and the exceptions of the mailbox instead of statuses."""

from __future__ import annotations

import json
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import gevent

from smtpmock import errors
from smtpmock.errors import MessageTimeoutError, ServerStateError, SMTPMockError
from smtpmock.remote.connection import Connections, NoReplyError
from smtpmock.runtime import hub
from smtpmock.text import escape_controls, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from smtpmock.remote.address import Address
    from smtpmock.remote.connection import Reply

API = "/api/smtpmock/v1"

LIMIT = 200
"""The most items to ask for at once."""

SECONDS_TO_ANSWER = 15.0
"""Seconds after which a server that says nothing is given up."""

LONGEST_POLL = 25.0
"""The most seconds that one request waits: proxies give up after 30 or 60."""

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5
_LONGEST_DETAIL = 2_000
_OF_PROXIES = (502, 503, 504)

Pairs = list[tuple[str, str]]


class UnreachableError(SMTPMockError):
    """A server that did not answer."""


class MissingError(SMTPMockError):
    """Something that is not there, such as a rule that was removed."""


class Client:
    """A client of a server's native API.

    Args:
        address: Its address.
        cafile: The path of the certificates to trust; None for those of the system.
    """

    def __init__(self, address: Address, cafile: str | None) -> None:
        self.address = address
        self._connections = Connections(address, cafile)

    def ask(self, method: str, path: str, parameters: Iterable[tuple[str, str]] = (), body: Any = None) -> Any:
        """Send a request, and return the document with which it is answered.

        Args:
            method: The method.
            path: The path below that of the API.
            parameters: The parameters.
            body: The document to send; None for none.

        Raises:
            SMTPMockError: If there is no such answer; the exception that the server names.
        """
        content = None if body is None else json.dumps(body).encode()
        target = _target(path, parameters)
        return self._document(hub.get_hub().call_interruptibly(self._ask, method, target, content, SECONDS_TO_ANSWER))

    def download(self, path: str) -> bytes:
        """Return the content with which a request is answered, whatever it is.

        Args:
            path: The path below that of the API.

        Raises:
            SMTPMockError: If there is none.
        """
        reply = hub.get_hub().call_interruptibly(self._ask, "GET", _target(path, ()), None, SECONDS_TO_ANSWER)
        if reply.status != 200:
            self._document(reply)
        return reply.body

    def collect(self, path: str, parameters: Iterable[tuple[str, str]] = ()) -> list[Any]:
        """Return all items of a list, page by page.

        Args:
            path: The path, whose last part is the name of the list.
            parameters: The parameters.
        """
        given, after = [*parameters, ("limit", str(LIMIT))], 0
        items: list[Any] = []
        while True:
            document = self.ask("GET", path, [*given, ("after", str(after))])
            items += self.items(document, path)
            if document.get("next") is None:
                return items
            after = document["next"]

    def items(self, document: Any, path: str) -> list[Any]:
        """Return the items of a list.

        Args:
            document: The answer.
            path: The path of the list.

        Raises:
            SMTPMockError: If it is no list.
        """
        found = document.get(path.rpartition("/")[2]) if isinstance(document, dict) else None
        if not isinstance(found, list):
            raise self.unexpected("what it sent is not a list of smtpmock")
        return found

    def part(self, document: Any, *names: str) -> Any:
        """Return a part of an answer.

        Args:
            document: The answer.
            names: The names that lead to the part.

        Raises:
            SMTPMockError: If the answer does not have it.
        """
        for name in names:
            try:
                document = document[name]
            except (KeyError, TypeError, IndexError):
                raise self.unexpected(f"its answer has no {name}") from None
        return document

    def poll(self, parameters: Pairs, seconds: float) -> Any:
        """Return what `/wait` answers; None after the time. A server that cannot be reached is asked again until then.

        Args:
            parameters: The parameters, without the timeout.
            seconds: The most seconds to wait.

        Raises:
            SMTPMockError: If it cannot be reached in the end, or refuses.
        """
        return hub.get_hub().call_interruptibly(self._poll, parameters, monotonic() + max(seconds, 0))

    def _poll(self, parameters: Pairs, end: float) -> Any:
        pause = _FIRST_PAUSE
        while True:
            left = max(end - monotonic(), 0.0)
            piece = min(left, LONGEST_POLL)
            target = _target("/wait", [*parameters, ("timeout", f"{ceil(piece * 1e6) / 1e6:f}")])
            try:
                return self._document(self._ask("GET", target, None, piece + SECONDS_TO_ANSWER))
            except MessageTimeoutError:
                if monotonic() >= end:
                    return None
                pause = _FIRST_PAUSE
            except UnreachableError:
                if monotonic() >= end:
                    raise
                gevent.sleep(min(pause, max(end - monotonic(), 0)))
                pause = min(2 * pause, _LONGEST_PAUSE)

    def follow(
        self, told: Callable[[dict[str, Any]], object], ended: Callable[[Exception], object], *, goes_on: bool = False
    ) -> Any:
        """Follow the events of the server; return the greenlet that does.

        Args:
            told: The function to call in the hub thread with each event, beginning with one that has no action.
            ended: The function to call in the hub thread when there are no further ones.
            goes_on: True to connect again when the stream is cut off after its beginning, and to miss nothing by that.
        """
        return hub.get_hub().call(gevent.spawn, self._follow, told, ended, goes_on)

    def _follow(
        self, told: Callable[[dict[str, Any]], object], ended: Callable[[Exception], object], goes_on: bool
    ) -> None:
        last_id = ""
        while True:
            try:
                for place, event in self._events(last_id):
                    last_id = place
                    told(event)
            except NoReplyError as error:
                if not goes_on or not last_id:
                    ended(UnreachableError(self._said(str(error))))
                    return
                gevent.sleep(_LONGEST_PAUSE)
            except Exception as error:
                ended(error)
                return

    def _events(self, last_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the events, each after its id: those after the last one that is known, else first the beginning."""
        stream = self._connections.open_stream(f"{API}/events", SECONDS_TO_ANSWER, last_id)
        try:
            fields: dict[str, str] = {}
            while True:
                line = stream.read_line()
                name, _, value = line.partition(": ")
                if line:
                    fields[name] = fields.get(name, "") + value
                elif "id" in fields:
                    data = json.loads(fields.get("data", "{}"))
                    yield fields["id"], {**data, "topic": fields.get("event", "")}
                    fields.clear()
        finally:
            stream.close()

    def _ask(self, method: str, target: str, content: bytes | None, seconds: float) -> Reply:
        """Return the response of the server. In the hub thread.

        Raises:
            UnreachableError: If there is none, or one of a proxy that cannot reach it.
        """
        try:
            reply = self._connections.ask(method, target, content, seconds)
        except NoReplyError as error:
            raise UnreachableError(self._said(str(error))) from None
        if reply.status in _OF_PROXIES and reply.kind != "application/problem+json":
            raise UnreachableError(self._said(f"status {reply.status}"))
        return reply

    def _document(self, reply: Reply) -> Any:
        """Return the document of a response, or raise what it says.

        Raises:
            SMTPMockError: If it is a problem, or no document.
        """
        try:
            document = json.loads(reply.body)
        except (ValueError, RecursionError):
            document = None
        if reply.status < 300 and document is not None and reply.kind == "application/json":
            return document
        if reply.status == 401:
            known = "refused the user and the password" if self.address.authorization else "requires a login: pass auth"
            raise SMTPMockError(f"The SMTP mock at {self.address} {known}.")
        if reply.kind == "application/problem+json" and isinstance(document, dict) and "detail" in document:
            detail = str(document["detail"])
            kind = getattr(errors, str(document.get("error", "")), None)
            if isinstance(kind, type) and issubclass(kind, SMTPMockError):
                raise kind(detail)
            if reply.status == 404:
                raise MissingError(self._said(shorten(detail, _LONGEST_DETAIL)))
            raise self.unexpected(f"status {reply.status} ({shorten(detail, _LONGEST_DETAIL)})")
        what = f"status {reply.status}" if reply.status >= 300 else f"a document of the type {reply.kind}"
        raise self.unexpected(f"{escape_controls(what)}, which is not an answer of smtpmock")

    def unexpected(self, what: str) -> SMTPMockError:
        """Return the error about an answer that nobody expected.

        Args:
            what: What came.
        """
        return ServerStateError(f"The SMTP mock at {self.address} cannot be used: {what}.")

    def _said(self, reason: str) -> str:
        return f"The SMTP mock at {self.address} cannot be reached: {reason}."

    @property
    def is_connected(self) -> bool:
        """True while a connection of a former request is open: the server is the same as then."""
        return hub.get_hub().call(self._connections.are_open)

    def close(self) -> None:
        """Close idle connections."""
        hub.get_hub().call(self._connections.close)


def _target(path: str, parameters: Iterable[tuple[str, str]]) -> str:
    query = urlencode(list(parameters))
    return f"{API}{path}?{query}" if query else API + path
