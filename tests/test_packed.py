"""The form in which stores write the facts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtpmock.mail.content import Content
from smtpmock.records.exchange import Cause, Exchange
from smtpmock.records.message import MessageRecord
from smtpmock.records.packed import pack, unpack, unpack_all
from smtpmock.records.session import TLS, Negotiated, Origin

words = st.text(max_size=20)
times = st.floats(0, 1e10)
causes = st.builds(Cause, st.none() | words, words, words, st.none() | words, words)
pairs = st.lists(st.tuples(words, words), max_size=2).map(tuple)
exchanges = st.builds(
    Exchange,
    words,
    words,
    times,
    times,
    st.booleans(),
    words,
    causes,
    st.integers(0),
    st.none() | words,
    pairs,
    st.binary(),
)
ORIGIN = Origin("a-1", 1, "::1", 25, "localhost", 1.5)
RSET = Exchange("RSET", "250 OK", 1.0)


@given(st.lists(exchanges, max_size=3))
def test_what_was_written_is_what_is_read(dialogue):
    assert unpack_all(Exchange, pack(dialogue)) == tuple(dialogue)
    assert [unpack(Exchange, pack(one)) for one in dialogue] == dialogue


@given(exchanges, st.booleans(), st.lists(words, max_size=2).map(tuple), st.binary(max_size=9))
def test_message_is_read_without_its_content(exchange, has_quit, addresses, undotted):
    tls = TLS("TLSv1.3", "x", certificate=(("subject", ((("commonName", "a"),),)),))
    record = MessageRecord(
        "id",
        ORIGIN,
        Negotiated(frozenset({"SIZE", "AUTH"}), tls),
        exchange,
        rcptto=(exchange, exchange),
        quit_sent=has_quit,
        recipients=addresses,
        content=Content(b"text"),
        undotted=undotted,
    )
    assert unpack(MessageRecord, pack(record)) == record._replace(content=Content(b""))


@given(exchanges)
@pytest.mark.parametrize(
    "changes",
    [{}, {"rset": RSET}, {"noop": True}, {"quit_sent": True}, {"refused_recipients": ("é",)}, {"undotted": b"."}]
    + [{step: None} for step in ("helo", "mailfrom", "data", "end_of_data")],
)
def test_accepted_message_is_read_with_all_that_was_written(changes, exchange):
    steps = dict.fromkeys(("helo", "mailfrom", "data", "end_of_data"), exchange)
    record = MessageRecord(
        "id", ORIGIN, rcptto=(exchange, exchange), rcptto_accepted=True, sender='"', recipients=("a", "\\"), **steps
    )._replace(**changes)
    assert unpack(MessageRecord, pack(record)) == record


def test_defaults_at_the_end_are_left_out():
    assert pack(Exchange("NOOP", "250 OK", 1.0, 0.0, True, "NOOP", Cause("noop"), 3)) == (
        '["NOOP","250 OK",1.0,0.0,true,"NOOP",["noop"],3]'
    )
    assert pack(Negotiated(user="")) == "[]"


def test_what_an_earlier_version_wrote_in_full_is_read():
    full = '["NOOP","250 OK",1.0,0.0,true,"NOOP",["s","","",null,""],3,null,[],""]'
    assert unpack(Exchange, full) == Exchange("NOOP", "250 OK", 1.0, 0.0, True, "NOOP", Cause("s"), 3)
