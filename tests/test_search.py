"""The search language: how it is read, and what it finds."""

from __future__ import annotations

import string
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from smtplib import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock import ExpectationError, QueryError, Search, SMTPMock
from smtpmock.mail.content import Content
from smtpmock.queries.search import LONGEST_SEARCH, MOST_WORDS, SearchTerm
from smtpmock.records.exchange import Exchange
from smtpmock.records.message import MessageRecord
from smtpmock.records.session import Origin
from smtpmock.stores.base import Entry

RECEIVED = datetime(2026, 11, 21, 10, 30, 0, 250_900, tzinfo=timezone.utc)
MAIL = (
    b"From: =?utf-8?q?Zo=C3=AB_Smith?= <Shop@A.example>\r\n"
    b"To: Bob <bob@b.example>, carol@b.example\r\n"
    b"Cc: Team: dave@d.example, erin@e.example;\r\n"
    b"Bcc: listed@l.example\r\n"
    b"Reply-To: answers@a.example\r\n"
    b"Subject: Order (7), 100% GROSS\r\n"
    b"Message-ID: <Seven@A.example>\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n'
    b"\r\n"
    b"--x\r\n\r\nTrack it: <https://a.example/track/7>\r\nBye\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n<p>Visible <b>words</b><script>unseen</script></p>\r\n"
    b"--x\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Disposition: inline\r\n\r\nx\r\n"
    b"--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=Invoice-7.pdf\r\n\r\nx\r\n"
    b"--x--\r\n"
)


def entry(raw: bytes = MAIL, *, is_read: bool = False, tags: tuple[str, ...] = (), at: datetime = RECEIVED) -> Entry:
    end = Exchange("", "250 Received", at.timestamp(), accepted=True)
    record = MessageRecord(
        "1",
        Origin("1", 1, "127.0.0.1", 1, "server", 0.0),
        end_of_data=end,
        sender="bounces@a.example",
        recipients=("bob@b.example", "carol@b.example", "hidden@h.example"),
        content=Content(raw),
    )
    return Entry(1, record, is_read, tags)


FOUND = [
    "bob",
    "BOB@b.example",
    "from:zoë",
    "from:shop@a.example",
    'from:"Zoë Smith"',
    'from:"Zoë Smith <shop@a.example>"',
    "to:bob@b.example",
    "TO:Carol",
    "cc:erin",
    "bcc:hidden@h.example",
    "bcc:listed",
    "reply-to:answers",
    "addressed:zoë",
    "addressed:bob",
    "addressed:dave",
    "addressed:answers",
    "addressed:hidden",
    "subject:order",
    'subject:"order (7), 100% gross"',
    '"subject:Order (7)"',
    "subject:100%",
    "message-id:seven@a.example",
    "track",
    '"track it: https://a.example/track/7 bye"',
    "visible",
    '"visible words"',
    "invoice-7.PDF",
    "hidden@h.example",
    "bounces",
    "has:attachment",
    "has:attachments",
    "has:inline",
    "HAS:INLINES",
    "is:unread",
    "-is:read",
    "!is:tagged",
    "-to:hidden",
    '-"order 8"',
    '"-order 8"',
    "!8!",
    "order 7",
    "larger:100",
    "smaller:2k",
    "smaller:0.5MB",
    "-larger:2K",
    "after:2026-11-21",
    "after:2026-11-21T10:30:00.250Z",
    "after:2026/11/21",
    "after:2026",
    "before:2026-12",
    "before:2026-11-21T10:30:00.250Z",
    "before:2026-11-21T11:30:01+01:00",
    'before:"2026-11-21 10:31"',
    'before:"Sat, 21 Nov 2026 10:31:00 +0000"',
    "before:1795257001",
    "before:1795257000250",
    "-after:2026-11-22",
    "-before:2026-11-21T10:30",
]
MISSED = [
    "alice",
    "unseen",
    "seven@",  # the Message-ID is looked for where it is asked for
    "from:bounces",
    "to:erin",
    "cc:bob",
    "bcc:bob",
    "reply-to:shop",
    "addressed:bounces",
    "subject:track",
    'subject:"order 7"',
    "message-id:other",
    "tag:bob",
    "is:read",
    "is:tagged",
    "-is:unread",
    "-has:inline",
    "!bob",
    "-bob order",
    "bob -order",
    '-"to:bob"',
    '"-to:bob"',
    "is:urgent",
    "has:stars",
    "x-id:7",
    "larger:2k",
    "smaller:100b",
    "after:2026-11-22",
    "after:2026-11-21T10:30:00.251Z",
    "after:2026-11-21T11:31:00+01:00",
    "before:2026-11-21",
    "before:2026-11-21T10:30:00.249Z",
    "track it bye visible words invoice nothing",
]


@pytest.mark.parametrize("text", FOUND)
def test_message_is_found(text):
    found = entry()

    assert Search(text).matches(found)
    assert Search(text).failed(found) == []


@pytest.mark.parametrize("text", MISSED)
def test_message_is_not_found(text):
    found = entry()

    assert not Search(text).matches(found)
    assert Search(text).failed(found) != []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is:read", True),
        ("is:unread", False),
        ("is:tagged", True),
        ("tag:late", True),
        ('tag:"very LATE"', True),
        ("tag:early", False),
        ("-tag:late", False),
    ],
)
def test_read_flag_and_tags_are_those_of_the_entry(text, expected):
    assert Search(text).matches(entry(is_read=True, tags=("Very late",))) is expected


def test_mail_without_anything_is_found_by_what_it_lacks():
    assert Search("-has:attachment -has:inline -order smaller:1 -subject:a -from:a").matches(entry(b""))


@pytest.mark.parametrize(
    ("tz", "expected"), [("", True), ("UTC", True), ("Europe/Berlin", True), ("Pacific/Auckland", False)]
)
def test_times_without_a_zone_are_in_the_given_one(tz, expected):
    # In Auckland, it is 23:30 on the 21st: the day is younger than that of UTC.
    assert Search('before:"2026-11-21 12:00"', tz).matches(entry()) is expected


@pytest.mark.parametrize(
    ("tz", "message"),
    [
        ("Europe/Berln", "Unknown time zone 'Europe/Berln': did you mean 'Europe/Berlin'?"),
        ("../../etc/passwd", "Unknown time zone '../../etc/passwd': expected one of "),
        ("/etc/passwd", "Unknown time zone '/etc/passwd': expected one of "),
        ("America", "Unknown time zone 'America': did you mean "),
        ("a" * 5000, "Unknown time zone 'aaaa"),
        ("\0", "Unknown time zone '\\x00': expected one of "),
    ],
)
def test_unknown_time_zone_is_an_error_even_if_no_time_is_asked_for(tz, message):
    with pytest.raises(QueryError) as caught:
        Search("bob", tz)

    assert str(caught.value).startswith(message)


DATES = "expected a date such as 2026-11-21, a time such as 2026-11-21T10:30:00+01:00, or seconds since 1970"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Invalid search '': expected at least one word"),
        (' "" ', "Invalid search ' \"\" ': expected at least one word"),
        ("to:", "Invalid word 'to:' in the search: expected letters or digits to search for"),
        ('bob subject:""', "Invalid word 'subject:' in the search: expected letters or digits to search for"),
        ("-from:<>", "Invalid word '-from:<>' in the search: expected letters or digits to search for"),
        (",", "Invalid word ',' in the search: expected letters or digits to search for"),
        ("larger:big", "Invalid word 'larger:big' in the search: expected a size such as 1000, 20k or 1.5M"),
        ("smaller:-1", "Invalid word 'smaller:-1' in the search: expected a size such as 1000, 20k or 1.5M"),
        ("before:", f"Invalid before in the search '': {DATES}"),
        ("-After:yesterday", f"Invalid after in the search 'yesterday': {DATES}"),
        ("before:2026-13-01", f"Invalid before in the search '2026-13-01': {DATES}"),
        ("before:2026-02-30", f"Invalid before in the search '2026-02-30': {DATES}"),
        ("before:0000", f"Invalid before in the search '0000': {DATES}"),
        ("before:2026-11-21T10:30+99:99", f"Invalid before in the search '2026-11-21T10:30+99:99': {DATES}"),
    ],
)
def test_search_that_cannot_be_meant_is_an_error(text, message):
    with pytest.raises(QueryError) as caught:
        Search(text)

    assert str(caught.value) == message


def test_search_that_is_too_long_is_an_error():
    with pytest.raises(QueryError, match=f"expected a text of at most {LONGEST_SEARCH} characters"):
        Search("a" * (LONGEST_SEARCH + 1))
    with pytest.raises(QueryError, match=f"expected at most {MOST_WORDS} words"):
        Search("a " * (MOST_WORDS + 1))
    assert len(Search("a " * MOST_WORDS).terms) == MOST_WORDS


@pytest.mark.parametrize(("one", "other", "expected"), [("bob", "order", True), ("bob", "is:read", False)])
def test_two_searches_find_together_what_both_find(one, other, expected):
    both = Search(one) & Search(other)

    assert (both.matches(entry()), str(both), both == Search(f"{one} {other}")) == (expected, f"{one} {other}", True)
    assert both.failed(entry()) == ([] if expected else [other])
    assert str(Search(one)) == one


def test_searches_are_equal_by_what_they_find():
    assert Search('TO:bob  "Order 7"') == Search('to:Bob "order  7"')
    assert hash(Search("to:bob")) == hash(Search("TO:BOB"))
    assert Search("after:2026-11-21", "Europe/Berlin") != Search("after:2026-11-21")
    assert Search("to:bob") != "to:bob"
    assert (str(Search("to:Bob")), repr(Search("to:Bob"))) == ("to:Bob", "Search('to:Bob')")


WORDS = st.text(string.ascii_letters + string.digits + "äß@.-", min_size=1, max_size=8).filter(
    lambda word: word[0] not in "-!"
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "-", "!"]),
            st.sampled_from(["", "to", "From", "cc", "bcc", "reply-to", "addressed", "subject", "message-id", "TAG"]),
            st.lists(WORDS, min_size=1, max_size=3).map(" ".join),
            st.sampled_from(["value", "word", "whole"]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([" ", "  ", "\t", "\n "]),
)
def test_every_term_is_read_as_it_was_written(terms, space):
    quoted = {"value": '{1}{2}"{3}"', "word": '{1}"{2}{3}"', "whole": '"{1}{2}{3}"'}
    words = [quoted[how].format("", sign, f"{field}:" if field else "", value) for sign, field, value, how in terms]

    expected = [SearchTerm(field.lower(), value.casefold(), bool(sign)) for sign, field, value, _ in terms]
    assert list(Search(space.join(words)).terms) == expected


@given(st.text(max_size=200), st.sampled_from(["", "UTC"]))
def test_any_text_is_a_search_or_an_error_in_a_sentence(text, tz):
    try:
        search = Search(text, tz)
    except QueryError as error:
        problem = str(error)
    else:
        problem = "expected"
        assert search.matches(entry()) == (not search.failed(entry()))

    assert "expected" in problem


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ),
    st.integers(-23 * 60, 23 * 60),
)
def test_times_are_read_back_as_they_were_written(moment, minutes):
    written = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))

    [term] = Search(f"after:{written.isoformat(timespec='milliseconds')}").terms
    assert datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=term.value) == written


@given(st.lists(st.sampled_from(["bob", "alice", "order", "to:bob", "to:alice", "is:read"]), min_size=1, max_size=4))
def test_negated_terms_hold_where_the_terms_do_not(words):
    found = entry()

    for word in words:
        assert Search(word).matches(found) != Search(f"-{word}").matches(found)
    assert Search(" ".join(words)).matches(found) == all(Search(word).matches(found) for word in words)


# As a criterion.


@pytest.fixture(scope="module")
def mock():
    mail = EmailMessage()
    mail["Subject"] = "Welcome"
    mail["To"] = "Bob <bob@example.com>"
    mail.set_content("Hello")
    with SMTPMock() as mock, SMTP(mock.host, mock.port) as client:
        client.send_message(mail, "shop@example.com", ["bob@example.com"])
        client.sendmail("shop@example.com", ["carol@example.com"], "Subject: Invoice\r\n\r\nHello")
        yield mock


@pytest.mark.parametrize("search", ["to:bob hello", Search("to:bob")])
def test_search_is_a_criterion(mock, search):
    assert mock.message(search=search).subject == "Welcome"
    assert mock.messages(search=search, subject="Invoice") == []


def test_explanation_names_the_words_that_do_not_hold(mock):
    with pytest.raises(ExpectationError) as caught:
        mock.assert_message_count(1, search="hello to:\x1bdave")

    assert "with search='hello to:\\x1bdave'" in str(caught.value)
    assert "x search does not find it: to:\\x1bdave" in str(caught.value)


@pytest.mark.parametrize("wanted", [7, ["to:bob"], None, b"to:bob"])
def test_other_values_are_refused(mock, wanted):
    with pytest.raises(QueryError, match=r"Invalid search .*: expected a text in the search language of Mailpit"):
        mock.messages(search=wanted)
