"""A session without a socket that any bytes may be fed to, and what has to hold whatever they are."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from smtpmock import Session, sessions_html
from smtpmock.protocol.actions import Action, Reset, Wait
from smtpmock.protocol.connection import LONGEST_LINE
from tests.protocol.conversation import AS_IN_GO, Conversation

if TYPE_CHECKING:
    from smtpmock import Message

KEEPS_EVERYTHING = {"multiple_rcptto": True, "multiple_message_receiving": True}
"""Settings with which a server keeps all that it accepts."""

EVERYTHING = {"extensions": "all", "auth": "any", "auth_without_tls": True}
"""Settings with which a server understands all that it can."""


class Driven(Conversation):
    """A session to which bytes are fed; fails where something does not hold that always has to."""

    def __init__(self, **settings: Any) -> None:
        self.replies = b""
        super().__init__(**{**AS_IN_GO, **settings})
        self._most = self.connection.behaviour.settings.msg_size_limit

    def feed_pieces(self, *pieces: bytes) -> bytes:
        """Feed the pieces as long as the connection is open; return what is answered."""
        before = len(self.replies)
        for piece in pieces:
            if piece and not self.closed:
                self._feed_piece(piece)
        return self.replies[before:]

    def end_session(self) -> None:
        """Let the client go, and look at all that can be seen of its session."""
        self.end()
        assert self.ended
        assert self.closed
        assert_harmless(self.sessions(), self.messages())
        if self.connection.behaviour.keeps_everything:
            self._assert_nothing_lost()

    def _assert_nothing_lost(self) -> None:
        """Make sure that each accepted message is there once, and nothing that is neither a mail nor an attempt."""
        received = [exchange for exchange in self.exchanges if exchange.stage == "message" and exchange.accepted]
        assert [message.end_of_data for message in self.messages() if message.accepted] == received
        for message in self.messages():
            stages = {exchange.stage for exchange in message.exchanges}
            assert stages & {"MAIL FROM", "RCPT TO", "DATA", "BDAT"}, message

    def sessions(self) -> list[Session]:
        return [self.session]

    def sent(self, actions: list[Action]) -> bytes:
        for action in actions:
            assert not isinstance(action, Reset), "only a rule resets"
            assert not isinstance(action, Wait) or action.seconds > 0
            assert action != b""
        return super().sent(actions)

    def _feed_piece(self, piece: bytes) -> None:
        waited = self.connection.is_between_commands
        replies = self._feed(piece).encode("utf-8", "surrogateescape")
        assert replies.isascii()
        self.replies += replies
        if waited and b"\n" in piece and self.connection.is_between_commands:
            assert replies or self.closed, f"no answer to {piece!r}"
        assert len(self.connection._buffer) - self.connection._start <= LONGEST_LINE
        body = self.connection._body or self.connection._chunks
        assert body is None or len(body.content()) <= self._most


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
        for line in session.transcript().split("\n"):
            assert_line_harmless(line)
        assert_line_harmless(repr(session))
        for violation in session.violations:
            assert_line_harmless(str(violation))
    assert_page_harmless(sessions_html(sessions))
    for message in messages:
        assert_line_harmless(repr(message))
        for violation in message.violations:
            assert_line_harmless(str(violation))
        assert_page_harmless(message.html_report())
        for attachment in message.attachments:
            assert_line_harmless(repr(attachment))
        seen = (message.email, message.headers, message.to, message.date, message.links)
        assert len(seen) == 5
        assert message.content.endswith(message.raw)
