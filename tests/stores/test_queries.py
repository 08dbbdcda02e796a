"""Every store gives the same answers as memory, to any query about any mail."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smtpmock.queries.query import Query
from tests.stores.records import STARTED, Stored, mail

ADDRESSES = ("a@example.com", "A@Example.COM", "b@example.com", "b@b.example", "straße@example.com", "\\xff", "")
SUBJECTS = (
    *("Invoice 7", "invoice", "in", "Straße", "STRASSE", 'a "quoted" one', "nul\0inside", "", "x*y"),
    *("İstanbul", "😀😀😀"),
)
WORDS = (
    *SUBJECTS,
    *("nvo", "Inv*7", "*voice*", "ss", "raße", '"qu', "l\0i", "😀😀", "*", "***", "Invoice AND 7", "^in"),
)
SEARCHES = (
    *("is:read", "-is:read", "is:unread", "tag:red", "-tag:red", "larger:30", "-smaller:30", "subject:invoice"),
    *("-subject:invoice", "subject:STRASSE", 'subject:"a quo"', "to:b", "before:1700000050", "after:1700000050"),
    *("invoice", "example", "subject:in larger:10"),
)

addresses = st.sampled_from(ADDRESSES)
texts = st.sampled_from(WORDS) | st.text(max_size=8).filter(str.isprintable)


@st.composite
def messages(draw):
    subject = draw(st.sampled_from(SUBJECTS) | st.text(max_size=12))
    encoded = "".join(part for part in subject if part not in "\r\n").encode("utf-8", "replace")
    return {
        "raw": b"Subject: " + encoded + b"\r\n\r\n" + b"x" * draw(st.integers(0, 40)),
        "sender": draw(addresses),
        "recipients": tuple(draw(st.lists(addresses, max_size=3))),
        "refused": tuple(draw(st.lists(addresses, max_size=2))),
        "accepted": draw(st.booleans()),
        "now": STARTED + draw(st.integers(0, 100)),
    }


criteria = st.one_of(
    st.tuples(st.sampled_from(("recipient", "sender", "refused_recipient")), addresses | st.just("*@example.com")),
    st.tuples(st.just("subject"), texts | st.just(re.compile("(?i)inv"))),
    st.tuples(st.just("size"), st.sampled_from((20, ">= 30", "< 25", "> 40"))),
    st.tuples(st.just("accepted"), st.sampled_from((True, False, None))),
    st.tuples(st.just("search"), st.sampled_from(SEARCHES)),
)


@st.composite
def queries(draw):
    words = dict(draw(st.lists(criteria, max_size=3)))
    is_text = any(word in ("recipient", "sender", "refused_recipient", "subject") for word in words)
    if is_text and draw(st.booleans()):
        words["ignore_case"] = True
    return words


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    stores = [Stored("memory:"), Stored(f"sqlite:///{tmp_path_factory.mktemp('queries') / 'mails.db'}")]
    yield stores
    for store in stores:
        store.close()
        assert store.warnings == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mails=st.lists(messages(), min_size=1, max_size=8),
    asked=st.lists(queries(), min_size=1, max_size=8),
    marked=st.sets(st.integers(0, 7)),
    indexed=st.integers(0, 8),
    settled=st.integers(0, 8),
    removed=st.sets(st.integers(0, 7)),
)
def test_the_answers_are_those_of_memory(pair, mails, asked, marked, indexed, settled, removed):
    memory, other = pair
    origin = memory.session()
    records = [mail(origin, **words) for words in mails]
    ids = [record.id for record in records]
    for store in pair:
        store.purge()
        for place, record in enumerate(records):
            if place == indexed:
                index_subjects(store)
            if place == settled:
                store.sessions()  # after that, a file of SQLite finds what it has by its addresses
            store.add(record)
        store.update([known for place, known in enumerate(ids) if place in marked], is_read=True, tags=("Red", "x"))
        store.erase([known for place, known in enumerate(ids) if place in removed])

    for words in asked:
        query = Query(words)
        expected = memory.select(query)
        assert other.select(query) == expected, words
        assert other.select(query, after=3, limit=2) == memory.select(query, after=3, limit=2)
        assert other.page(query, 2, 2) == memory.page(query, 2, 2), words
    assert other.select() == memory.select()


def index_subjects(store):
    """Have the store index what it has so far, if it does that at all."""
    if store.url.startswith("sqlite:"):
        from smtpmock.stores.sqlite.step import Step

        store._do(Step(lambda transaction: transaction.index(100)))
