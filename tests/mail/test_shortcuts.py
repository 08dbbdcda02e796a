"""What is told at once of most mail is the same as what the general way finds."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from smtpmock.conformance import header
from smtpmock.mail import addresses
from smtpmock.mail.addresses import addresses_in, is_plain
from smtpmock.mail.codes import has_number
from smtpmock.mail.links import LINK, text_links
from smtpmock.mail.mime import Part
from smtpmock.mail.parameters import NO_PARAMETERS

_PIECES = [
    "a",
    "b.example",
    "@",
    "<",
    ">",
    ",",
    ";",
    ":",
    "(",
    ")",
    '"',
    "[",
    "]",
    "\\",
    ".",
    " ",
    "\t",
    "\r\n ",
    "\x1c",
]
LISTS = st.lists(st.sampled_from([*_PIECES, "\xa0", "=?utf-8?q?=41?=", "Ann <ann@a.example>"]), max_size=12).map(
    "".join
)
NAMED = st.tuples(st.text("aZ .=?_\xa0\\'", max_size=8), st.text("a1.]\\'=-", max_size=4)).map(
    lambda parts: "{0}<{1}@{1}>".format(*parts)
)
_TEXTS = [
    "h",
    "H",
    "tt",
    "ps",
    "p\u017f",
    "p",
    "://",
    "a.example",
    " ",
    "\n",
    "<",
    '"',
    ")",
    "]",
    ".",
    "x",
    "\u017f",
    "\x01",
]
TEXTS = st.lists(st.sampled_from([*_TEXTS, "https://a.example/x", "(http://b.example/(y))."]), max_size=20).map("".join)


@given(LISTS | NAMED | st.text(max_size=20))
def test_plain_address_is_read_as_any_list_is(text):
    assert list(addresses_in([text])) == list(addresses._parsed(text))


@given(NAMED)
def test_address_with_a_name_of_letters_is_plain(text):
    assert is_plain(text) == ("@>" not in text and "<@" not in text)


@given(LISTS | NAMED)
def test_plain_address_violates_nothing(text):
    if is_plain(text):
        judged = [header._has_mailbox, header._is_address_list]
        with_shortcut = [judge(text) for judge in judged]
        original, header.is_plain = header.is_plain, lambda _: False
        try:
            assert with_shortcut == [judge(text) for judge in judged] == [True, True]
        finally:
            header.is_plain = original


@given(TEXTS | st.text(max_size=30))
def test_links_are_found_as_by_their_grammar(text):
    grammar = re.compile(r'(?<![a-z0-9])https?://[^\s<>"\x00-\x20]+', re.IGNORECASE)

    assert LINK.findall(text) == grammar.findall(text)
    assert ("://" in text) or not grammar.search(text)


@given(TEXTS)
def test_link_that_is_repeated_is_found_once(text):
    assert list(text_links(f"{text}\n{text}")) == list(text_links(text))


@given(st.text(max_size=20) | st.text("0158x\u0663 ", max_size=20))
def test_number_is_found_as_by_its_grammar(text):
    assert has_number(text) == bool(re.search("[0-9]{3}", text))


def test_parameters_of_a_missing_field_are_none():
    part = Part(b"")

    assert part.content_type is part.disposition is NO_PARAMETERS
    assert (NO_PARAMETERS.value, NO_PARAMETERS.plain) == ("", {})
    assert (NO_PARAMETERS.get("name"), NO_PARAMETERS.get_token("name")) == (None, "")
