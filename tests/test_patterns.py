"""Patterns with `*`: what they match, and that no pattern takes longer than the text is long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock.mail.content import Content
from smtpmock.patterns import glob, has_wildcard
from smtpmock.queries.terms import Term
from tests.growth import assert_linear


@pytest.mark.parametrize(
    ("pattern", "texts", "others"),
    [
        ("", [""], ["a"]),
        ("ab", ["ab"], ["a", "abc", "*"]),
        ("*", ["", "a", "a\nb"], []),
        ("a*", ["a", "ab", "a*"], ["", "ba"]),
        ("*a", ["a", "ba"], ["", "ab"]),
        ("a*a", ["aa", "aba"], ["a", "ab"]),
        ("ab*bc", ["abbc", "ab.bc"], ["abc"]),
        ("*ab*ab*", ["abab", "xab.abx"], ["ab", "aba"]),
        ("a**b", ["ab", "a.b"], ["a"]),
        ("a?[b]*", ["a?[b]", "a?[b]c"], ["axb", "a?b"]),
        (r"\*", ["\\", "\\x"], ["*"]),
    ],
)
def test_the_asterisk_is_the_only_wildcard_and_the_whole_text_is_compared(pattern, texts, others):
    matches = glob(pattern)

    assert [text for text in texts if not matches(text)] == []
    assert [text for text in others if matches(text)] == []


def test_a_text_without_an_asterisk_is_no_pattern():
    assert has_wildcard("a*") is True
    assert has_wildcard("a?[b]") is False


FEW_LETTERS = st.text("ab*\n", max_size=12)


@given(FEW_LETTERS, FEW_LETTERS)
def test_it_matches_what_the_regular_expression_matches(pattern, text):
    expression = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)

    assert glob(pattern)(text) is (expression.fullmatch(text) is not None)


@pytest.mark.uninstrumented
@pytest.mark.parametrize("pattern", ["*a*b*a*c*", "*aab*" * 20, "*" * 1000 + "c"])
@pytest.mark.parametrize(
    ("field", "suffix"), [("", ""), ("subject", ""), ("helo_name", ""), ("recipient", ""), ("recipient", "@*")]
)
def test_time_grows_with_the_text_alone(pattern, field, suffix):
    matches = Term(field, "like", f"{pattern}{suffix}").test if field else glob(pattern)

    assert_linear(lambda size: "aab" * (size // 3), matches)


@pytest.mark.uninstrumented
def test_links_are_found_in_time_that_grows_with_their_length_alone():
    def find(mail):
        return mail.find_links("*a*b*a*c*")

    def mail(size):
        content = Content(b"\r\nhttp://" + b"ab" * (size // 2))
        assert content.links
        return content

    assert_linear(mail, find)


@pytest.mark.uninstrumented
def test_a_pattern_that_hung_for_a_minute_is_decided_at_once():
    matches = glob("*a*b*a*c*")
    began = time.process_time()

    assert not matches("ab" * 1000)
    assert time.process_time() - began < 1
