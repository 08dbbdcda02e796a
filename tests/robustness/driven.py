"""A session without a socket that any bytes may be fed to, and what has to hold whatever they are."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from smtpmock.protocol.actions import Action, Close, End, Erase, Keep, Reset, StartTLS, Wait
from smtpmock.protocol.behaviour import Behaviour
from smtpmock.protocol.connection import LONGEST_LINE, Connection
from smtpmock.records.exchange import TLS, Origin
from smtpmock.records.session import Session, SessionLog
from smtpmock.reports.explanation import transcript
from smtpmock.reports.html import message_shown, sessions_shown
from smtpmock.settings.declarations import Settings
from smtpmock.stores.memory import Inbox

if TYPE_CHECKING:
    from smtpmock.messages.message import Message

ORIGIN = Origin(1, "192.0.2.1", 40000, "192.0.2.2", 1_700_000_000.0)
NOW = 1_700_000_001.0

EVERYTHING = {"extensions": "all", "auth": "any", "auth_without_tls": True}
"""Settings with which a server understands all that it can."""


class Driven:
    """A session to which bytes are fed; fails where something does not hold that always has to."""

    def __init__(self, **settings: object) -> None:
        self.log = SessionLog(ORIGIN)
        self.connection = Connection(Behaviour(Settings(**settings)), self.log)
        self.inbox = Inbox()
        self.inbox.begin(self.log)
        self.replies = b""
        self.closed = False
        self._ended = 0
        self._most = self.connection.behaviour.settings.msg_size_limit
        self._carry_out(self.connection.open(NOW))

    def feed(self, *pieces: bytes) -> bytes:
        """Feeds the pieces as long as the connection is open; returns what is answered."""
        before = len(self.replies)
        for piece in pieces:
            if piece and not self.closed:
                self._feed(piece)
        return self.replies[before:]

    def end(self) -> None:
        """The client is gone."""
        self._carry_out(self.connection.end(NOW))
        assert self._ended == 1
        assert self.closed
        assert_harmless(self.sessions(), self.inbox.messages())

    def sessions(self) -> list[Session]:
        return self.inbox.sessions()

    def _feed(self, piece: bytes) -> None:
        waited = self.connection.is_between_commands
        replied = self._carry_out(self.connection.feed(piece, NOW))
        while self.connection.paused:
            replied |= self._carry_out(self.connection.feed(b"", NOW))
        if waited and b"\n" in piece and self.connection.is_between_commands:
            assert replied or self.closed, f"no answer to {piece!r}"
        assert len(self.connection._buffer) - self.connection._start <= LONGEST_LINE
        body = self.connection._body or self.connection._chunks
        assert body is None or len(body.content()) <= self._most

    def _carry_out(self, actions: list[Action]) -> bool:
        replied = False
        for action in actions:
            assert not self.closed, f"{action} after the close"
            match action:
                case bytes(data):
                    assert data
                    assert data.isascii()
                    self.replies += data
                    replied = True
                case Keep(record=record, message=message):
                    self.inbox.keep(record, message, self.log)
                case Erase(record=record):
                    self.inbox.erase(record)
                case StartTLS():
                    replied |= self._carry_out(self.connection.secured(TLS("TLSv1.3", "any", "", None), NOW))
                case End():
                    self._ended += 1
                    self.inbox.end(self.log, NOW)
                case Close(data=data):
                    assert data.isascii()
                    self.replies += data
                    replied |= bool(data)
                    self.closed = True
                case Wait(seconds=seconds):
                    assert seconds > 0
                case Reset():
                    raise AssertionError("only a rule resets")
        return replied


# What is shown of it.

_UNFIT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]")
_TAGS = {
    *("style", "div", "details", "summary", "span", "code"),
    *("dl", "dt", "dd", "figure", "figcaption", "pre", "iframe"),
}
_ATTRIBUTES = {"class", "open", "sandbox", "loading", "srcdoc"}


class _Page(HTMLParser):
    """Fails where there is an element that the report does not make, or one that is not closed where it should be."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _TAGS, tag
        values = dict(attrs)
        assert values.keys() <= _ATTRIBUTES, attrs
        if tag == "iframe":
            assert values["sandbox"] == ""
            assert values["srcdoc"].startswith("<!DOCTYPE html><meta charset=utf-8><meta http-equiv=Content-Security")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raise AssertionError(f"<{tag}/>")

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"<!--{data}-->")


def assert_page_harmless(page: str) -> None:
    """Makes sure that a fragment of HTML has only the elements that the report makes."""
    parser = _Page()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    assert not _UNFIT.search(page.replace("\t", ""))


def assert_line_harmless(line: str) -> None:
    """Makes sure that a line of text is one, and commands no terminal."""
    assert not _UNFIT.search(line), line
    assert "\n" not in line, line


def assert_harmless(sessions: list[Session], messages: list[Message]) -> None:
    """Looks at all that can be seen of sessions and messages: nothing raises, nothing gets out of its place."""
    for session in sessions:
        for line in transcript(session).split("\n"):
            assert_line_harmless(line)
        assert_line_harmless(repr(session))
        for violation in session.violations:
            assert_line_harmless(str(violation))
    assert_page_harmless(sessions_shown(sessions))
    for message in messages:
        assert_line_harmless(repr(message))
        for violation in message.violations:
            assert_line_harmless(str(violation))
        assert_page_harmless(message_shown(message))
        for attachment in message.attachments:
            assert_line_harmless(repr(attachment))
        seen = (message.email, message.headers, message.to, message.date, message.links)
        assert len(seen) == 5
        assert message.content.endswith(message.raw)
