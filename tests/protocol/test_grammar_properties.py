"""The grammar takes all that RFC 5321 can build, and judges domains as a small reader of its own does."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock.rfc.grammar import address_key, forward_path, is_domain, reverse_path
from tests.protocol.strategies import DOMAIN, HOST, IPV4, LITERAL, MAILBOX, ROUTE, thorough


@thorough
@given(HOST | IPV4)
def test_a_domain_by_the_grammar_is_taken(text: str) -> None:
    assert is_domain(text)


@pytest.mark.parametrize("literal", ["[IPv6:1:2:3:4:5:6:192.000.002.001]", "[IPv6:::ffff:192.0.2.01]"])
def test_an_ipv4_part_of_an_ipv6_literal_may_have_leading_zeros_as_any_other(literal: str) -> None:
    """Its Snum are 1*3DIGIT in both (section 4.1.3)."""
    assert is_domain("[192.000.002.001]")
    assert is_domain(literal)


@thorough
@given(MAILBOX, ROUTE | st.just(""))
def test_a_path_by_the_grammar_is_taken_and_its_mailbox_read(mailbox: str, route: str) -> None:
    for read in (forward_path, reverse_path):
        assert read(f"<{route}{mailbox}>") == (mailbox, {})


@thorough
@given(MAILBOX, st.text("aZ0 é", max_size=6), st.sampled_from(["{}", "<{}", "{}>", "<{}>"]))
def test_a_path_may_lack_brackets_and_have_a_display_name(mailbox: str, name: str, form: str) -> None:
    bracketed = form.format(mailbox)

    assert reverse_path(bracketed) == (mailbox, {})
    if bracketed.startswith("<"):
        assert reverse_path(name + bracketed) == (mailbox, {})


@thorough
@given(MAILBOX, st.sampled_from('<> \t\r\n\0\x7f()[]\\,;:@"'), st.data())
def test_a_mailbox_is_never_read_from_what_is_no_path(mailbox: str, extra: str, data: st.DataObject) -> None:
    """Whatever is read has a local part, an at sign and a domain, and nothing is made up."""
    place = data.draw(st.integers(0, len(mailbox)))
    text = f"<{mailbox[:place]}{extra}{mailbox[place:]}>"

    found = reverse_path(text)

    if found is not None:
        local, _, domain = found.address.rpartition("@")
        assert found.address in text
        assert local
        assert reference_domain(domain)


@thorough
@given(st.text(max_size=40) | st.text('ab.@<>[]:,"\\ -1é', max_size=40))
def test_no_text_is_too_strange_to_be_judged(text: str) -> None:
    for judge in (is_domain, forward_path, reverse_path):
        judge(text)
    if set(text) <= set("ab.@<>[]:, -1é"):
        assert is_domain(text) == reference_domain(text)


@thorough
@given(st.data())
def test_a_changed_domain_is_judged_as_the_reference_does(data: st.DataObject) -> None:
    text = data.draw(DOMAIN | IPV4 | LITERAL)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text)))
        new = data.draw(
            st.sampled_from(["", ".", "-", "_", ":", "0", "9", "256", "f", "é", "[", "]", "IPv6:", " ", "::", "%"])
        )
        text = text[:place] + new + text[place + data.draw(st.integers(0, 2)) :]

    assert is_domain(text) == reference_domain(text)


@thorough
@given(st.text(max_size=10), DOMAIN)
def test_addresses_are_equal_when_their_domains_are_without_case(local: str, domain: str) -> None:
    assert address_key(f"{local}@{domain.upper()}") == address_key(f"{local}@{domain.lower()}")
    assert (address_key(f"{local}@{domain}") == address_key(f"{local.swapcase()}@{domain}")) == (
        local == local.swapcase()
    )


@pytest.mark.parametrize(
    "text",
    [
        *(
            " " * 16_000,
            "a" * 16_000,
            "a@" * 8000,
            "@a," * 5000,
            "@a," * 5000 + "@a:",
            '"' + "\\" * 16_000,
            '"' + '\\"' * 8000,
        ),
        *("." * 16_000 + "@", "a@" + "a-" * 8000, "a@a" + "-" * 16_000, "a@" + "a." * 8000, "a@" + "a-a." * 4000 + "-"),
        *(
            "a@" + "1." * 8000,
            "a@[IPv6:" + ":" * 16_000 + "]",
            "é " * 8000 + "<",
            "<" * 16_000,
            "a@" + "é." * 5000 + "-",
        ),
    ],
    ids=lambda text: f"{text[:8]}…",
)
def test_the_longest_lines_are_refused(text: str) -> None:
    """An expression that tries all ways would not come to an end here."""
    assert reverse_path(text) is None
    assert forward_path(text) is None
    assert reverse_path(f"<{text}>") is None


def reference_domain(text: str) -> bool:
    """Return whether a text is a domain, letter by letter."""
    if text.startswith("["):
        inner = text[1:-1]
        if not text.endswith("]") or len(text) < 2:
            return False
        return is_ipv6(inner[5:]) if inner[:5].lower() == "ipv6:" else is_ipv4(inner)
    labels = text.split(".")
    if len(labels) > 1 and all(is_number(label) for label in labels):
        return is_ipv4(text)
    return all(
        label and label[0] != "-" and label[-1] != "-" and all(letter.isalnum() or letter == "-" for letter in label)
        for label in labels
    )


def is_number(text: str) -> bool:
    return text != "" and all(letter in "0123456789" for letter in text)


def is_ipv4(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 4 and all(is_number(part) and len(part) <= 3 and int(part) <= 255 for part in parts)


def is_ipv6(text: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return False
    return True
