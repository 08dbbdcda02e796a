"""The Received header before a message, by the grammar of RFC 5321 section 4.4."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.policy import default
from ipaddress import IPv6Address

import pytest

from tests.protocol.conversation import Conversation

LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
DOMAIN = rf"{LABEL}(?:\.{LABEL})*"
LITERAL = r"\[(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|IPv6:[0-9A-Fa-f:.]+)\]"
FWS = r"(?:[ \t]*\r\n)?[ \t]+"
TCP_INFO = rf"(?:{LITERAL}|{DOMAIN}{FWS}{LITERAL})"
EXTENDED = rf"(?:{LITERAL}{FWS}\({TCP_INFO}\)|{DOMAIN}{FWS}\({TCP_INFO}\)|{DOMAIN})"
DATE = r"(?:[A-Z][a-z]{2}, )?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}"
STAMP = re.compile(
    rf"Received:{FWS}from{FWS}(?P<name>{EXTENDED}){FWS}by{FWS}(?P<by>{EXTENDED}){FWS}with{FWS}(?P<with>E?SMTP)"
    rf"{FWS}id{FWS}(?P<id>[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+);{FWS}(?P<date>{DATE})\r\n",
    re.IGNORECASE,
)
RAW = b"Subject: hi\r\n\r\nhello\r\n"


def stamp(helo: str, client: str = "192.0.2.1", server: str = "mail.example") -> re.Match[str]:
    conversation = Conversation(client=client, server=server)
    replies = conversation.say(helo, "MAIL FROM:<a@b>", "RCPT TO:<b@c>", "DATA")
    assert replies.startswith("250 Received\r\n" * 3 + "354 "), replies
    conversation.message(RAW)
    [record] = conversation.messages()
    assert record.content.endswith(RAW)
    match = STAMP.fullmatch(record.content[: -len(RAW)].decode("ascii"))
    assert match, record.content
    assert all(len(line) <= 998 for line in match[0].split("\r\n"))
    for address in re.findall(r"\[IPv6:([^]]*)\]", match[0]):
        IPv6Address(address)
    parsed = message_from_bytes(record.content, policy=default)
    assert (len(parsed.get_all("Received")), parsed["Subject"], parsed.defects) == (1, "hi", [])
    return match


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("client.example", "client.example"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("[192.0.2.7]", "[192.0.2.7]"),
        ("[IPv6:::1]", "[IPv6:::1]"),
        ("[IPv6:2001:DB8::7]", "[IPv6:2001:DB8::7]"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("münchen.example", "xn--mnchen-3ya.example"),
    ],
)
@pytest.mark.parametrize(
    ("verb", "protocol"), [("HELO", "SMTP"), ("EHLO", "ESMTP"), ("ehlo", "ESMTP"), ("helo", "SMTP")]
)
def test_the_header_names_the_client_as_it_named_itself(name: str, expected: str, verb: str, protocol: str) -> None:
    match = stamp(f"{verb} {name}")

    assert match["name"] == f"{expected} ([192.0.2.1])"
    assert match["with"] == protocol


@pytest.mark.parametrize(
    ("client", "literal"),
    [
        ("127.0.0.1", "[127.0.0.1]"),
        ("::1", "[IPv6:::1]"),
        ("fe80::1%eth0", "[IPv6:fe80::1]"),
        ("::ffff:192.0.2.9", "[IPv6:::ffff:192.0.2.9]"),
    ],
)
def test_the_header_names_the_address_of_the_client(client: str, literal: str) -> None:
    assert stamp("EHLO client.example", client)["name"] == f"client.example ({literal})"


@pytest.mark.parametrize(
    ("server", "by"),
    [
        ("mail.example", "mail.example"),
        ("localhost", "localhost"),
        ("почта.рф", "xn--80a1acny.xn--p1ai"),
    ],
)
def test_the_header_names_the_server(server: str, by: str) -> None:
    assert stamp("EHLO client.example", server=server)["by"] == by


@pytest.mark.parametrize(("server", "literal"), [("127.0.0.1", "[127.0.0.1]"), ("::1", "[IPv6:::1]")])
def test_a_server_without_a_name_is_an_address_literal_with_tcp_info(server: str, literal: str) -> None:
    """Extended-Domain has no address literal without it."""
    assert stamp("EHLO client.example", server=server)["by"].startswith(f"{literal} (")


def test_a_name_longer_than_a_line_may_be_leaves_the_header_valid() -> None:
    assert stamp(f"EHLO {'a.' * 600}example")["name"].endswith(" ([192.0.2.1])")


@pytest.mark.parametrize("name", ["ﷺ.example", "ﹰ.example", "\ufe0f.example", "ü" * 70 + ".example", "ªb.example"])
def test_a_name_of_letters_that_have_no_ascii_form_leaves_the_header_valid(name: str) -> None:
    assert stamp(f"EHLO {name}")["name"].endswith(" ([192.0.2.1])")


@pytest.mark.parametrize("name", ["⑴.example", "x⒈y.example", "a½.example"])
def test_numbers_that_are_no_digits_are_in_no_domain(name: str) -> None:
    assert Conversation().say(f"EHLO {name}").startswith("501 ")


def test_the_header_has_the_time_and_the_number_of_the_message() -> None:
    match = stamp("EHLO client.example")

    assert match["date"] == "Tue, 14 Nov 2023 22:13:21 +0000"
    assert match["id"] == "1-1"


def test_a_header_that_the_client_sent_stays_behind_ours() -> None:
    raw = b"Received: from x by y; Tue, 14 Nov 2023 22:00:00 +0000\r\n\r\n"
    [record] = Conversation().accepted(raw).messages()

    assert record.content.endswith(raw)
    assert record.content.count(b"Received:") == 2
    assert record.content.startswith(b"Received: from client.example")
