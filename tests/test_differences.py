"""docs/differences.md tells the truth about this server, where no recorded conversation does it already."""

from __future__ import annotations

import pytest

from smtpmock import SettingError, Settings
from tests import parity
from tests.clients.command import Client, port_of, run, spawned, stop
from tests.protocol.conversation import Conversation

EHLO = "EHLO client.example"
MAIL = "MAIL FROM:<a@example.com>"
RCPT = "RCPT TO:<b@example.com>"
INVALID_COMMAND = "502 Command unrecognized."


def codes(*lines: str, **settings: object) -> list[str]:
    """Return the codes of the replies to the lines, after an EHLO, with go-smtp-mock's defaults."""
    conversation = Conversation(**{**parity.DEFAULTS, **settings})
    conversation.say(EHLO)
    return [conversation.say(line)[:3] for line in lines]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("NOOP\tx", "250"),
        ("EHLO\tclient.example", "501"),
        ("RSET\tx", "502"),
        ("QUIT\tx", "502"),
        ("MAIL data", "502"),
        ("NOOP\u00a0", "502"),
        ("\u00a0NOOP", "502"),
        ("MAIL FROM:<a@example.com>\u00a0", "501"),
    ],
)
def test_a_command_gets_the_reply_of_the_page(line: str, code: str) -> None:
    assert codes(line) == [code]


def test_mail_with_the_name_of_another_command_leaves_the_record_alone() -> None:
    conversation = Conversation(**parity.DEFAULTS).accepted()

    assert conversation.say("MAIL data").startswith(INVALID_COMMAND)
    assert [message.is_consistent for message in conversation.messages()] == [True]


@pytest.mark.parametrize(
    "domain",
    [
        "a--b.example",
        "example.c0m",
        "example.xn--p1ai",
        "example.a-b",
        f"example.{'x' * 64}",
        "e\u0301.example",
        "٣.example",
    ],
)
def test_a_domain_is_accepted(domain: str) -> None:
    assert codes(f"EHLO {domain}", f"MAIL FROM:<a@{domain}>") == ["250", "250"]


@pytest.mark.parametrize("path", ["<>", "<ü@example.com>", "<a@[IPv6:::1]>", "<a@192.0.2.1>"])
def test_a_path_is_accepted(path: str) -> None:
    assert codes(f"MAIL FROM:{path}") == ["250"]


@pytest.mark.parametrize("path", ["<postmaster>", "<PostMaster>"])
def test_the_postmaster_is_accepted(path: str) -> None:
    assert codes(MAIL, f"RCPT TO:{path}") == ["250", "250"]


@pytest.mark.parametrize(
    "path",
    [
        "< a@example.com>",
        "<a\tb@example.com>",
        "Name a@example.com",
        "<a@example.com>>",
        "<<a@example.com",
        "a <b <c@example.com>",
    ],
)
def test_a_path_is_refused(path: str) -> None:
    assert codes(f"MAIL FROM:{path}") == ["501"]


def test_the_domain_of_a_blocked_address_has_no_case() -> None:
    settings = {"blacklisted_mailfrom_emails": ["a@example.com"], "not_registered_emails": ["b@example.com"]}

    assert codes("MAIL FROM:<a@EXAMPLE.com>", "MAIL FROM:<c@example.com>", "RCPT TO:<b@EXAMPLE.com>", **settings) == [
        *("421", "250", "550")
    ]


def test_a_transaction_is_over_after_its_message() -> None:
    conversation = Conversation(**parity.DEFAULTS | {"multiple_message_receiving": True}).accepted()

    assert conversation.say(RCPT, "DATA").split("\r\n")[:2] == [
        "503 Bad sequence of commands. RCPT TO should be used after MAIL FROM",
        "503 Bad sequence of commands. DATA should be used after RCPT TO",
    ]
    assert [message.raw for message in conversation.messages()] == [b"hello\r\n"]


def test_a_dot_after_a_bare_line_feed_stays() -> None:
    conversation = Conversation()
    conversation.say(EHLO, MAIL, RCPT, "DATA")
    conversation.send(b"a\n.text\r\n.\r\n")

    assert [message.raw for message in conversation.messages()] == [b"a\n.text\r\n"]


def test_custom_texts() -> None:
    assert Conversation(msg_greeting="220-a").greeting == "220 220-a\r\n"
    assert Conversation(msg_greeting="220-a\r\n220 b").greeting == "220-a\r\n220 b\r\n"
    with pytest.raises(SettingError):
        Settings(msg_greeting="220 a\r\n220 b")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["-failFast", "false", "2525", "-prot=1"],
            "Unexpected argument '2525': settings are flags, such as -port=2525",
        ),
        (
            ["-msgGreeting", "-x"],
            "Invalid command line: argument -msgGreeting/--msgGreeting/--msg-greeting: expected one argument",
        ),
        (["-port=0x1f"], "Invalid port '0x1f': expected an integer from 0 to 65535"),
        (["-port=65536"], "Invalid port 65536: expected an integer from 0 to 65535"),
        (["-msgSizeLimit=-1"], "Invalid msg_size_limit -1: expected a non-negative integer"),
        (
            ["-responseDelayData=-1"],
            "Invalid response_delay_data '-1': expected a number of seconds from 0 to 31536000",
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_status_2(arguments: list[str], told: str) -> None:
    assert run(*arguments) == (2, "", f"smtpmock: {told}\n")


def test_a_body_of_many_lines_is_one_line_of_the_log_and_a_list_may_have_spaces() -> None:
    with spawned("--log-server-activity", "-notRegisteredEmails=x@example.com, y@example.com", "-log=true") as process:
        with Client(port_of(process)) as client:
            for line in (EHLO, MAIL, "RCPT TO:<y@example.com>", RCPT, "DATA"):
                [reply] = client.ask(line)
                assert reply.startswith("550" if "y@" in line else ("354" if line == "DATA" else "250"))
            assert client.ask("one\r\ntwo\r\n\r\nthree\r\n.") == ["250 Received"]
        _, output, errors = stop(process)

    assert errors == ""
    assert output.count("SMTP request: message binary data portion") == 1
