"""No conversation can hang: commands without end take time in proportion, and so do all that is said about them."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple

import pytest

from smtpmock import ExpectationError, SMTPMock, sessions_html, transcripts
from tests.growth import assert_linear
from tests.raw_client import HELLO, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAIL, RCPT, MESSAGE = "MAIL FROM:<a@example.com>", "RCPT TO:<b{}@example.com>", ("DATA", "Subject: hi\r\n\r\nhi\r\n.")
_BATCH = 500  # commands
_LARGEST = 2_000_000 if os.environ.get("SMTPMOCK_GROWTH") == "all" else 200_000


class Commands(NamedTuple):
    """Commands: some once, each of others many times, some once, each of further ones many times."""

    once: Sequence[str]
    many: Sequence[str]
    then: Sequence[str] = ()
    many_then: Sequence[str] = ()

    def say(self, client: Client, size: int) -> None:
        """Send about so many bytes of them."""
        repeated = [*self.many, *self.many_then]
        client.ask(HELLO, *self.once)
        for commands, then in ((self.many, self.then), (self.many_then, ())):
            for command in commands:
                count = size // len(repeated) // (len(command) + 2)
                for first in range(0, count, _BATCH):
                    some = range(first, min(first + _BATCH, count))
                    client.send(*map(command.format, some))
                    client.read_replies(len(some))
            client.ask(*then)


COMMANDS = {
    "NOOP": Commands((), ("NOOP",)),
    "empty lines": Commands((), ("",)),
    "greetings": Commands((), ("EHLO x",)),
    "unknown commands": Commands((), ("FOO {}",)),
    "recipients": Commands((MAIL,), (RCPT,)),
    "refused recipients": Commands((MAIL,), ("RCPT TO:<nobody>",)),
    "transactions": Commands((), (f"{MAIL}",)),
    "refused recipients, then DATA": Commands((MAIL,), ("RCPT TO:<nobody>", "DATA")),
    "recipients, then NOOP": Commands((MAIL,), (RCPT, "NOOP")),
    "recipients of a message, then NOOP": Commands((MAIL,), (RCPT,), MESSAGE, ("NOOP",)),
    "recipients of a message, then RSET": Commands((MAIL,), (RCPT,), MESSAGE, ("RSET",)),
}


@pytest.mark.uninstrumented
@pytest.mark.parametrize("commands", COMMANDS.values(), ids=COMMANDS)
def test_twice_as_many_commands_take_twice_the_time_at_most(commands: Commands) -> None:
    with SMTPMock() as mock:
        mock.on("*", recipient="*x*y*@example.com", reply="550 No")
        mock.on("*", per="recipient", after=10**9, reply="550 No")

        def say(size: int) -> None:
            mock.purge()
            with Client(mock) as client:
                commands.say(client, size)

        assert_linear(int, say, _LARGEST)


REPORTS: dict[str, Callable[[SMTPMock], object]] = {
    "violations": lambda mock: mock.violations(),
    "assertion of no violations": lambda mock: _failure(lambda: mock.assert_no_violations(level="should")),
    "explanation": lambda mock: _failure(lambda: mock.wait_for_messages(2, 0, recipient="*x*y*", subject="*x*y*")),
    "transcript": lambda mock: transcripts(mock.sessions()),
    "HTML": lambda mock: sessions_html(mock.sessions(), mock.address),
    "messages": lambda mock: [
        (repr(message), message.bcc, message.content, message.html_report(), message.recipient_parameters)
        for message in mock.messages(accepted=None)[:20]
    ],
    "queries": lambda mock: [
        mock.messages(accepted=None, **{word: "*x*y*"}) for word in ("recipient", "refused_recipient", "helo_name")
    ],
}


@pytest.mark.uninstrumented
@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("name", ["refused recipients, then DATA", "recipients of a message, then NOOP"])
def test_a_report_about_twice_as_many_commands_takes_twice_the_time_at_most(
    name: str, report: Callable[[SMTPMock], object]
) -> None:
    with SMTPMock() as mock:

        def said(size: int) -> SMTPMock:
            mock.purge()
            with Client(mock) as client:
                COMMANDS[name].say(client, size)
                client.send("QUIT")
                client.read_all()
            return mock

        assert_linear(said, report, _LARGEST)


@pytest.mark.uninstrumented
def test_a_report_about_a_mail_with_many_images_takes_time_in_proportion() -> None:
    image = b64encode(bytes(2_400))

    def received(size: int) -> SMTPMock:
        count = size // 3_500
        parts = b"".join(
            b"--b\r\nContent-Type: image/png\r\nContent-ID: <%d>\r\nContent-Transfer-Encoding: base64\r\n\r\n%b\r\n"
            % (number, image)
            for number in range(count)
        )
        page = b" ".join(b"cid:%d" % number for number in range(count))
        mock = SMTPMock(msg_size_limit=50_000_000)
        mock.start()
        with Client(mock) as client:
            client.ask(HELLO, MAIL, RCPT.format(1), "DATA")
            client.send_bytes(
                b"Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
            )
            client.send_bytes(page + b"\r\n" + parts + b"--b--\r\n.\r\n")
            assert client.read_reply() == "250 Received"
        mock.stop()
        return mock

    assert_linear(received, lambda mock: mock.messages()[0].html_report())


def _failure(call: Callable[[], object]) -> str:
    with pytest.raises(ExpectationError) as raised:
        call()
    return str(raised.value)
