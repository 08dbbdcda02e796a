"""A client cannot forge a log, write a file or reach another session."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from smtpmock import SMTPMock
from tests.raw_client import RAW, TEXT, Client
from tests.robustness.driven import EVERYTHING, assert_line_harmless
from tests.robustness.strategies import CONVERSATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

_NASTY = [
    b"NOOP\rINFO: 2026/01/01 00:00:00.000000 SMTP mock server started on port: 25",
    b"EHLO \x1b[2J\x1b]0;title\x07",
    b"MAIL FROM:<a\0b@example.com>",
    b"\xff\xfe\x80 \xe2\x80\xa8 \xe2\x80\xae",
    b"%s %d %(asctime)s {0} {message}",
    "NOOP \u2028INFO: forged \u202egnorw \x85next".encode(),
]


@pytest.mark.parametrize("line", _NASTY)
def test_a_line_of_a_client_is_one_line_of_the_log(line: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "smtpmock")
    with SMTPMock(log_server_activity=True) as mock, Client(mock) as client:
        client.send_bytes(line + b"\r\nQUIT\r\n")
        client.read_all()

    said = [record.getMessage() for record in caplog.records]
    for text in said:
        assert_line_harmless(text)
    assert len([text for text in said if text.startswith("SMTP request: ")]) == 2
    assert len([text for text in said if text.startswith("SMTP response: ")]) == 3
    assert "SMTP session failed" not in "".join(said)


@pytest.mark.parametrize("line", _NASTY)
def test_a_line_of_a_client_is_one_line_on_standard_output(line: bytes, run: Callable[..., str]) -> None:
    output = run(
        f"""
        from smtpmock import SMTPMock
        from tests.raw_client import Client

        with SMTPMock(log_to_stdout=True, log_server_activity=True) as mock, Client(mock) as client:
            client.send_bytes({line!r} + b"\\r\\nQUIT\\r\\n")
            client.read_all()
        """,
        options=("-X", "utf8"),
    )

    lines = output.split("\n")
    assert lines.pop() == ""
    for text in lines:
        assert_line_harmless(text)
        assert text.startswith(("INFO: ", "WARNING: "))
    assert len(lines) == 10


def test_nothing_that_arrives_or_is_read_writes_a_file(run: Callable[..., str]) -> None:
    """Everything is looked at as well; only `save` of an attachment writes, where it is told to."""
    output = run(
        f"""
        import os, sys
        from smtplib import SMTP
        from smtpmock import SMTPMock, sessions_html, transcripts
        from tests.raw_client import Client

        written = []

        def watch(event, arguments):
            if event == "open" and not isinstance(arguments[0], int):
                if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                    written.append(arguments[0])
            elif event in ("os.mkdir", "os.rename", "os.remove", "os.symlink", "os.link", "os.system",
                           "subprocess.Popen", "os.exec", "os.posix_spawn", "shutil.copyfile"):
                written.append((event, arguments))

        with SMTPMock(extensions="all", auth="any", auth_without_tls=True, multiple_message_receiving=True) as mock:
            sys.addaudithook(watch)
            for said in {CONVERSATIONS!r}:
                with Client(mock) as client:
                    client.send_bytes(said)
                    client.half_close()
                    client.read_bytes()
            found = mock.messages(accepted=None)
            for message in found:
                message.email, message.text, message.html, message.links, message.violations, message.html_report()
                [(part.name, part.content, part.size) for part in message.attachments]
            transcripts(mock.sessions()), sessions_html(mock.sessions())
            assert len(found) > 50
        print(written, sum(len(message.attachments) for message in found) > 0)
        """,
        options=("-B",),
    )

    assert output == "[] True\n"


@pytest.mark.parametrize("said", [*CONVERSATIONS[::25], *CONVERSATIONS[-3:], b"\0" * 70_000, b"\n" * 3_000])
def test_whatever_one_session_says_another_goes_on(said: bytes) -> None:
    with SMTPMock(multiple_message_receiving=True, **EVERYTHING) as mock, Client(mock) as client:
        assert client.ask("HELO c.example", "MAIL FROM:<x@example.com>", "RCPT TO:<y@example.com>")[-1][:3] == "250"
        assert client.ask("DATA")[0].startswith("354")
        client.send(*TEXT[:2])
        with Client(mock, greeting=None) as other:
            other.send_bytes(said)
        client.send(*TEXT[2:], ".")
        assert client.read().startswith("250")
        [message] = mock.messages(sender="x@example.com")
        assert (message.raw, message.recipients) == (RAW, ("y@example.com",))
        assert mock.errors == []
