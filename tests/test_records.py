"""Records are values: they cannot be changed, are equal by content, and go through pickle and JSON."""

from __future__ import annotations

import copy
import json
import pickle
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtpmock import SMTPMock
from smtpmock.mail.content import Content
from smtpmock.records import exchange, message, session
from smtpmock.records.exchange import Cause, Exchange
from smtpmock.records.json_form import from_json, to_json
from smtpmock.records.message import MessageRecord
from smtpmock.records.session import TLS, Erasure, SessionRecord
from smtpmock.rules.rule import Rule
from tests.protocol.conversation import Conversation
from tests.raw_client import ENVELOPE, Client

KINDS = (Exchange, MessageRecord, SessionRecord)
NAMES = {**vars(exchange), **vars(message), **vars(session)}
CERTIFICATE = (("subject", ((("commonName", "client"),),)), ("version", 3), ("subjectAltName", (("DNS", "a"),)))

texts = st.text(st.characters(codec="utf-8"), max_size=5)
SIMPLE = {
    str: texts,
    bytes: st.binary(max_size=5),
    int: st.integers(0, 2**40),
    float: st.floats(0, 2e9),
    bool: st.booleans(),
    Content: st.builds(Content, st.binary(max_size=5)),
    Any: texts | st.integers() | st.just(CERTIFICATE),
}


def values(kind):
    """Return a strategy for the values of a type, as its annotations say."""
    parts = get_args(kind)
    match get_origin(kind):
        case origin if origin in (Union, UnionType):
            return st.one_of(st.none() if part is NoneType else values(part) for part in parts)
        case origin if origin is frozenset:
            return st.frozensets(values(parts[0]), max_size=3)
        case origin if origin is tuple and parts[-1] is Ellipsis:
            return st.lists(values(parts[0]), max_size=2).map(tuple)
        case origin if origin is tuple:
            return st.tuples(*map(values, parts))
    if kind in SIMPLE:
        return SIMPLE[kind]
    return st.builds(kind, **{name: values(part) for name, part in get_type_hints(kind, localns=NAMES).items()})


records = st.one_of(map(values, KINDS))
quick = settings(max_examples=60)


def through_json(record):
    return from_json(type(record), json.loads(json.dumps(to_json(record))))


@pytest.fixture(scope="module")
def said():
    """Everything that a session can leave behind, in its record and those of its messages."""
    reply = Rule("RCPT TO", {"recipient": "c@example.com", "reply": "250 As the rule says", "times": 3})
    talk = Conversation(reply, tls="starttls", auth={"bob": "secret"}, extensions="all")
    talk.agreed = TLS("TLSv1.3", "TLS_AES_256_GCM_SHA384", "localhost", CERTIFICATE)
    talk.say("EHLO client", "STARTTLS")
    talk.say("EHLO client", "AUTH PLAIN AGJvYgB4", "AUTH PLAIN AGJvYgBzZWNyZXQ=")
    talk.say("MAIL FROM:<a@example.com> SIZE=100 BODY=8BITMIME", "RCPT TO:nobody")
    talk.say("RCPT TO:<b@example.com> NOTIFY=NEVER", "RCPT TO:<c@example.com>", "DATA")
    talk.message(b".Subject: Gr\xfc\xdfe\r\n\r\n\xff\r\n")
    talk.say("RSET", "MAIL FROM:<d@example.com>", "RCPT TO:<c@example.com>", "DATA")
    talk.message(b"Subject: second\r\n\r\nhello\r\n")
    talk.send(b"NOOP \xff\r\n", b"NOOP\n", "QUIT\r\n")
    [entry] = talk.store.sessions()
    return [entry.record, *(kept.record for kept in talk.store.select()), *entry.record.exchanges]


# As values.


@given(records)
@quick
def test_a_record_goes_through_json(record):
    again = through_json(record)

    assert again == record
    assert type(again) is type(record)
    assert hash(again) == hash(record)


@given(records)
@quick
def test_a_record_goes_through_pickle(record):
    again = pickle.loads(pickle.dumps(record))

    assert again == record
    assert hash(again) == hash(record)
    assert copy.deepcopy(record) == record


@given(records)
@quick
def test_equal_records_are_the_same_text_in_json(record):
    shuffled = pickle.loads(pickle.dumps(record))

    assert json.dumps(to_json(record)) == json.dumps(to_json(shuffled))
    assert json.dumps(to_json(record), ensure_ascii=False).encode()


@given(record=records, data=st.data())
@quick
def test_records_that_differ_in_one_field_are_not_equal(record, data):
    name = data.draw(st.sampled_from(record._fields))
    value = data.draw(values(get_type_hints(type(record), localns=NAMES)[name]))
    other = record._replace(**{name: value})

    assert (other == record) == (value == getattr(record, name))
    assert through_json(other) == other


@given(records)
@quick
def test_a_record_cannot_be_changed(record):
    for name in (*record._fields, "note"):
        with pytest.raises(AttributeError):
            setattr(record, name, None)
    with pytest.raises(TypeError):
        record[0] = None


def test_the_message_in_a_record_cannot_be_changed():
    content = Content(b"Subject: hi\r\n\r\n")
    for name in ("raw", "subject", "headers", "note"):
        with pytest.raises(AttributeError):
            setattr(content, name, b"")
    with pytest.raises(TypeError):
        content.headers["Subject"] = "other"


def test_the_records_of_a_session_in_which_everything_happened_are_values(said):
    session_record, *_ = said
    assert session_record.erasures == (Erasure("RSET", ("b@example.com", "c@example.com"), 2),)
    assert session_record.observations
    assert session_record.negotiated.tls.client_certificate["version"] == 3
    assert [attempt.succeeded for attempt in session_record.negotiated.attempts] == [False, True]
    for record in said:
        assert through_json(record) == record == pickle.loads(pickle.dumps(record))
        assert {record: 1}[through_json(record)] == 1


def test_what_users_get_goes_through_pickle(said):
    with SMTPMock() as mock:
        with Client(mock) as client:
            client.deliver()
        for one in (mock.message(), mock.sessions()[0], mock.mark(), *mock.message().exchanges):
            again = pickle.loads(pickle.dumps(one))
            assert again == one
            assert hash(again) == hash(one)


# The form in JSON.


def test_json_has_bytes_in_base64_sets_in_order_and_no_python_in_it(said):
    session_record, *rest = said
    [message_record] = [record for record in rest if isinstance(record, MessageRecord)]
    [noop] = [record for record in rest if isinstance(record, Exchange) and record.octets]

    assert to_json(noop)["octets"] == "Tk9PUCD/"
    assert to_json(message_record)["content"] == "U3ViamVjdDogc2Vjb25kDQoNCmhlbGxvDQo="
    extensions = to_json(session_record)["negotiated"]["extensions"]
    assert extensions == sorted(extensions)
    assert len(extensions) > 3
    assert to_json(session_record)["ended"] == session_record.ended
    assert to_json(message_record)["rcptto"][0]["cause"]["rule_id"] == "rule-1"


def test_what_has_a_default_may_be_missing_in_json():
    assert from_json(Exchange, {"request": "NOOP", "reply": "250 Ok", "timestamp": 1}) == Exchange(
        "NOOP", "250 Ok", 1.0
    )
    written = {"request": "", "reply": "", "timestamp": 0, "cause": {"limit": "shutdown"}}
    assert from_json(Exchange, written).cause == Cause(limit="shutdown")


GOOD = {"request": "NOOP", "reply": "250 Ok", "timestamp": 1.5}


@pytest.mark.parametrize(
    ("kind", "written", "text"),
    [
        (Exchange, None, "Invalid Exchange: expected an object, got NoneType"),
        (Exchange, [], "Invalid Exchange: expected an object, got list"),
        (Exchange, {"request": "NOOP"}, "Missing field 'reply' in Exchange"),
        (Exchange, {**GOOD, "request": 3}, "Invalid Exchange.request: expected a value of type str, got int"),
        (Exchange, {**GOOD, "number": True}, "Invalid Exchange.number: expected a value of type int, got bool"),
        (Exchange, {**GOOD, "timestamp": "now"}, "Invalid Exchange.timestamp: expected a number, got str"),
        (Exchange, {**GOOD, "accepted": 1}, "Invalid Exchange.accepted: expected a value of type bool, got int"),
        (Exchange, {**GOOD, "octets": "="}, "Invalid Exchange.octets: expected a text in base64"),
        (Exchange, {**GOOD, "octets": "ü"}, "Invalid Exchange.octets: expected a text in base64"),
        (Exchange, {**GOOD, "parameters": [["A"]]}, "Invalid Exchange.parameters[0]: expected 2 items, got 1"),
        (Exchange, {**GOOD, "cause": {"rule": None}}, "Invalid Exchange.cause.rule: expected a value of type str, got"),
        (MessageRecord, {"id": "1", "origin": {}}, "Missing field 'session_id' in MessageRecord.origin"),
        (
            SessionRecord,
            {"orign": {}},
            "Unknown field 'orign' in SessionRecord: expected one of origin, ended, exchang",
        ),
    ],
)
def test_json_that_is_no_record_is_refused_with_the_place(kind, written, text):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the text is compared
        from_json(kind, written)
    assert str(caught.value).startswith(text)


# What was read stays as it was.


def test_a_record_that_was_read_does_not_change_when_its_rule_is_used_again_or_removed():
    with SMTPMock(multiple_message_receiving=True) as mock:
        rule = mock.on("message", reply="250 As the rule says", times=5, delay=0.001)
        with Client(mock) as client:
            client.ask(*ENVELOPE, "DATA")
            client.send("hello", ".")
            assert client.read_reply() == "250 As the rule says"
            early = mock.message()
            before = pickle.dumps((early, early.exchanges)), early.end_of_data.rule, hash(early)

            client.ask(*ENVELOPE[1:], "DATA")
            client.send("hello", ".")
            client.read_reply()
            rule.remove()
            mock.clear_rules()

            assert rule.hits == 2
            assert (pickle.dumps((early, early.exchanges)), early.end_of_data.rule, hash(early)) == before
            assert early.end_of_data.rule == str(rule)
            assert early.end_of_data.cause.rule_id == rule.id


def test_what_was_read_does_not_change_when_its_session_goes_on():
    with SMTPMock() as mock, Client(mock) as client:
        client.deliver()
        early, [session_before] = mock.message(), mock.sessions()
        before = pickle.dumps((early, session_before, session_before.exchanges))
        client.ask("NOOP", "RSET", "QUIT")
        client.read_all()
        assert pickle.dumps((early, session_before, session_before.exchanges)) == before
        assert mock.sessions() != [session_before]
