"""The note with the evidence on an exception that leaves the block of a server."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from smtplib import SMTPException
from threading import Thread

import pytest

from smtpmock import Evidence, MessageTimeoutError, SMTPMock
from tests.explained import send, shown


@pytest.fixture
def mock():
    with SMTPMock(not_registered_emails=["nobody@example.com"]) as running:
        yield running


def leave(mock, action):
    """The notes of an exception that leaves the block of a server."""
    with pytest.raises(Exception) as error, mock:  # noqa: PT011
        action()
    return getattr(error.value, "__notes__", [])


@pytest.mark.usefixtures("unheld")
def test_exception_that_leaves_the_block_of_a_server_has_a_note(mock):
    send(mock)
    mock.stop()
    [note] = leave(mock, lambda: send(mock, text="Subject: in the block") or 1 / 0)

    assert shown(note).startswith("\nSMTP mail and sessions\n127.0.0.1:2525: 1 message, 1 session\n")
    assert "in the block" in note


@pytest.mark.usefixtures("unheld")
def test_note_does_not_repeat_what_the_error_shows():
    mock = SMTPMock()
    [note] = leave(mock, lambda: send(mock) or mock.message(subject="x"))

    assert "Welcome" not in note.partition("Session 1 from")[0]
    assert "Session 1 from" in note


def send_late(mock):
    with suppress(SMTPException):  # the server may stop before the QUIT
        send(mock)


def send_after_a_wait(mock, sender):
    """Wait in vain, and let the sender begin before the error leaves."""
    try:
        mock.wait_for_message(timeout=1)
    except MessageTimeoutError:
        sender.start()
        raise


@pytest.mark.usefixtures("unheld")
def test_server_does_not_stop_before_late_mail_has_come():
    mock = SMTPMock()
    sender = Thread(target=send_late, args=[mock])
    [note] = leave(mock, lambda: send_after_a_wait(mock, sender))
    sender.join()

    assert " s after the wait for a message had ended." in " ".join(note.split())


@pytest.mark.usefixtures("unheld")
def test_server_of_a_coroutine_does_not_stop_before_late_mail_has_come():
    async def block():
        async with SMTPMock() as mock:
            try:
                await mock.aio.wait_for_message(timeout=1)
            except MessageTimeoutError:
                senders.append(asyncio.create_task(asyncio.to_thread(send_late, mock)))
                raise

    senders = []
    with pytest.raises(MessageTimeoutError) as error:
        asyncio.run(block())

    assert " s after the wait for a message had ended." in " ".join("".join(error.value.__notes__).split())


@pytest.mark.usefixtures("unheld")
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, pytest.skip.Exception])
def test_what_is_no_failure_has_no_note(error):
    with pytest.raises(error) as raised, SMTPMock():
        raise error("x")

    assert not hasattr(raised.value, "__notes__")


def test_there_is_no_note_if_somebody_else_reports():
    evidence = Evidence(hold=True)

    assert leave(SMTPMock(), lambda: 1 / 0) == []
    assert len(evidence.servers) == 1
