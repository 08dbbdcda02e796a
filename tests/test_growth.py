"""No mail can hang: whatever it repeats, to read it takes time that grows with its length alone.

The shapes are the worst that were found by repeating units at growing sizes. What has a limit is measured on both
sides of it: the time for the largest mails is bounded as a whole.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from smtpmock.errors import ContentError
from smtpmock.mail.content import Content
from tests import growth
from tests.growth import assert_linear
from tests.readers import READERS, read
from tests.shapes import SHAPES, Shape

pytestmark = pytest.mark.uninstrumented

# All of them take minutes: SMTPMOCK_GROWTH=all tries each, else every sixteenth is tried.
CHOSEN = SHAPES if os.environ.get("SMTPMOCK_GROWTH") == "all" else dict(list(SHAPES.items())[::16])


@pytest.mark.parametrize("shape", CHOSEN.values(), ids=CHOSEN)
def test_a_mail_of_twice_the_length_takes_twice_the_time_at_most(shape):
    assert_linear(shape.mail, read)


def test_every_shape_is_read_by_every_reader_without_another_error():
    for shape in SHAPES.values():
        read(shape.mail(2000))


MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
TOO_LARGE = "The mail is too large for the email package: expected at most"


@pytest.mark.parametrize(
    ("limit", "fits", "exceeds"),
    [
        ("10,000 header fields", b"X-A: 1\r\n" * 10_000, b"X-A: 1\r\n" * 10_001),
        ("1,000 parts", MIXED + b"--b\r\n\r\nx\r\n" * 1000, MIXED + b"--b\r\n\r\nx\r\n" * 1001),
        (
            "1,000 parts",
            b"Content-Type: message/delivery-status\r\n\r\n" + b"A: b\r\n\r\n" * 999,
            b"Content-Type: message/delivery-status\r\n\r\n" + b"A: b\r\n\r\n" * 1002,
        ),
        (
            "50,000 characters in the fields that describe parts, 2,000 in each",
            MIXED + (b"--b\r\nContent-Type: text/plain; a=" + b"x" * 1900 + b"\r\n\r\n") * 24,
            MIXED + (b"--b\r\nContent-Type: text/plain; a=" + b"x" * 1900 + b"\r\n\r\n") * 28,
        ),
        *(
            (
                "50,000 characters in the fields that describe parts, 2,000 in each",
                start + b'"' * 1900 + b"\r\n\r\nx\r\n",
                start + b'"' * 2100 + b"\r\n\r\nx\r\n",
            )
            for start in (
                b"Content-Type: text/plain;",
                b"Content-Disposition: attachment;",
                b"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: ",
                b"Content-Type: message/rfc822\r\n\r\nContent-Type: a/b;",
                b"Content-Type: message/delivery-status\r\n\r\nContent-Type: a/b;",
                b"Content-Type: message/delivery-status\r\n\r\nA: b\r\n\r\ncontent-type :\r\n a/b;",
            )
        ),
        (
            "2,000,000 lines, counted once for each level of its parts",
            MIXED + b"--b\r\n\r\n" + b"\r\n" * 900_000,
            MIXED + b"--b\r\n\r\n" + b"\r\n" * 1_100_000,
        ),
    ],
)
def test_the_standard_package_gets_what_it_can_read_in_good_time(limit, fits, exceeds):
    assert Content(fits).email is not None
    with pytest.raises(ContentError) as caught:
        _ = Content(exceeds).email
    assert str(caught.value) == f"{TOO_LARGE} {limit}."


def test_what_comes_after_ten_thousand_parts_is_the_content_of_the_last():
    content = Content(MIXED + b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n" * 10_002 + b"--b--\r\n")

    assert len(content.attachments) == 10_000
    assert content.attachments[-1].content.count(b"--b\r\n") == 2
    assert {found.code for found in _verdict(content)}.isdisjoint({"boundary-missing"})


def test_what_comes_after_a_hundred_thousand_header_fields_is_text():
    content = Content(b"X-A: 1\r\n" * 100_001 + b"\r\nhello\r\n")

    assert len(content.headers) == 100_000
    assert content.text == "X-A: 1\n\nhello\n"


def test_a_page_is_read_to_a_million_characters():
    page = b"Content-Type: text/html\r\n\r\n<a href=tel:1>" + b" " * 1_000_000 + b"<a href=tel:2>"

    assert Content(page).links == ("tel:1",)
    assert Content(page.replace(b" " * 1000, b" ")).links == ("tel:1", "tel:2")


def test_addresses_are_read_to_a_million_characters():
    assert len(Content(b"To: " + b"a@b.example," * 100_000 + b"\r\n\r\n").to) == 83_334


def _verdict(content):
    return READERS["verdict"](content)


@pytest.mark.parametrize(("power", "is_linear"), [(0, True), (1, True), (1.3, True), (1.4, False), (2, False)])
def test_growth_that_is_not_linear_is_seen(monkeypatch, power, is_linear):
    clock = SimpleNamespace(now=0.0, process_time=lambda: clock.now)
    monkeypatch.setattr(growth, "time", clock)

    def read(raw):
        clock.now += 0.1 * (len(raw) / 20_000) ** power

    expected = nullcontext() if is_linear else pytest.raises(AssertionError, match="bytes took")
    with expected:
        assert_linear(Shape(b"", b"a").mail, read)
