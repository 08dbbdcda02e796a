"""Reports where a command took an accepted message out again, as in go-smtp-mock."""

from __future__ import annotations

from smtplib import SMTP

import pytest

from smtpmock import ExpectationError, SMTPMock
from tests.protocol.conversation import AS_IN_GO
from tests.raw_client import ENVELOPE, Client

KEEPS_EVERYTHING = dict.fromkeys(AS_IN_GO, True)
ADVICE = "set multiple_message_receiving to keep it"


def failure(function, *args, **query):
    with pytest.raises(ExpectationError) as caught:
        function(*args, **query)
    return caught.value


@pytest.mark.parametrize(
    ("commands", "stage"),
    [
        (["RSET"], "RSET"),
        (["MAIL FROM:<c@example.com>"], "MAIL FROM"),
        (["RCPT TO:<c@example.com>"], "RCPT TO"),
        (["EHLO client.example"], "EHLO"),
        (["HELO client.example"], "HELO"),
        (["HELO"], "HELO"),
        (["DATA"], "DATA"),
    ],
)
def test_a_command_that_erased_a_message_is_named_with_the_setting_that_keeps_it(commands, stage):
    with SMTPMock(**AS_IN_GO) as mock, Client(mock) as client:
        client.deliver()
        client.ask(*commands)
        for fails in (mock.message, mock.assert_message_count, lambda: mock.wait_for_message(0)):
            explained = " ".join(str(failure(fails)).split())
            assert f" {stage} erased 1 accepted message (to b@example.com): {ADVICE} " in explained


def test_where_nothing_is_erased_nothing_is_said_of_it():
    with SMTPMock(**KEEPS_EVERYTHING) as mock, Client(mock) as client:
        client.deliver()
        client.ask("RSET")
        assert "erased" not in str(failure(mock.message, subject="other"))
    with SMTPMock(**AS_IN_GO) as mock, Client(mock) as client:
        client.ask(*ENVELOPE, "RSET")
        assert "erased" not in str(failure(mock.message))


def test_a_message_that_a_purge_took_was_not_erased_by_the_command_after_it():
    with SMTPMock(**AS_IN_GO) as mock, Client(mock) as client:
        client.deliver()
        mock.purge()
        client.ask("RSET")
        assert "erased" not in str(failure(mock.message))


def test_of_many_erased_messages_the_last_are_named():
    with SMTPMock(**AS_IN_GO) as mock:
        with SMTP(mock.host, mock.port, local_hostname="app.example") as client:
            for number in range(12):
                recipients = [f"{name}{number}@example.com" for name in "abcd"]
                client.sendmail("shop@example.com", recipients, "hello")
                client.rset()
        lines = str(failure(mock.message)).splitlines()
    begin = lines.index("RSET erased 1 accepted message (to a11@example.com, b11@example.com,")
    assert lines[begin - 1 : begin + 8] == [
        "",
        "RSET erased 1 accepted message (to a11@example.com, b11@example.com,",
        "c11@example.com and 1 more): set multiple_message_receiving to keep it",
        "RSET erased 1 accepted message (to a10@example.com, b10@example.com,",
        "c10@example.com and 1 more): set multiple_message_receiving to keep it",
        "RSET erased 1 accepted message (to a9@example.com, b9@example.com,",
        "c9@example.com and 1 more): set multiple_message_receiving to keep it",
        "… and 7 earlier erased messages",
        "",
    ]
