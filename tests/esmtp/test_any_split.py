"""However the bytes of a client are cut into pieces, the same is answered and recorded."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.esmtp.talk import EHLO, MAIL, RCPT, Talk, b64, plain

LOGIN_LINES = [
    *(f"AUTH PLAIN {plain('bob', 'secret')}", f"AUTH PLAIN {plain('bob', 'x')}", "AUTH PLAIN", plain("bob", "secret")),
    *("AUTH LOGIN", b64("bob"), b64("secret"), "AUTH CRAM-MD5", "*", "=", "AUTH", "AUTH XOAUTH2", "?", ""),
    f"AUTH XOAUTH2 {b64('user=bob' + chr(1) + 'auth=Bearer old' + chr(1) * 2)}",
    *(MAIL, RCPT, "RSET", "NOOP", EHLO, "AUTH PLAIN " + "A" * 17_000),
]
COMMANDS = [line.encode() + b"\r\n" for line in (MAIL, RCPT, "RSET", "NOOP", "DATA\r\nx\r\n.", "BDAT x", EHLO)]
CHUNKS = st.builds(
    lambda octets, last: b"BDAT %d%s\r\n" % (len(octets), b" LAST" if last else b"") + octets,
    st.one_of(st.binary(max_size=30), st.sampled_from([b"QUIT\r\n", b".\r\n", b"\r\n.\r\n", b"BDAT 5\r\n"])),
    st.booleans(),
)


def outcome(pieces, **settings):
    talk = Talk(**settings)
    replies = talk.send(*pieces)
    settled = talk.connection.is_between_commands
    talk.end()
    kept = [(message.raw, message.state, message.recipients, message.user) for message in talk.messages()]
    return replies, talk.said, kept, talk.session.attempts, settled


def pieces_of(data, stream):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(data=st.data(), parts=st.lists(st.one_of(CHUNKS, st.sampled_from(COMMANDS)), max_size=8), many=st.booleans())
def test_of_messages_in_chunks(data, parts, many):
    settings = {"extensions": ["CHUNKING"], "msg_size_limit": 40, "multiple_message_receiving": many}
    stream = "".join(f"{line}\r\n" for line in (EHLO, MAIL, RCPT)).encode() + b"".join(parts)

    whole = outcome([stream], **settings)

    assert outcome(pieces_of(data, stream), **settings) == whole
    assert outcome([stream[at : at + 1] for at in range(len(stream))], **settings) == whole
    assert all(len(raw) <= 40 for raw, *_ in whole[2])


@given(data=st.data(), lines=st.lists(st.sampled_from(LOGIN_LINES), max_size=8))
def test_of_logins(data, lines):
    stream = "".join(f"{line}\r\n" for line in [EHLO, *lines]).encode()

    whole = outcome([stream], auth={"bob": "secret"})

    assert outcome(pieces_of(data, stream), auth={"bob": "secret"}) == whole


@given(octets=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=6))
def test_a_message_is_the_same_in_however_many_chunks(octets, cuts):
    bounds = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    talk = Talk(extensions=["CHUNKING"])
    talk.say(EHLO, MAIL, RCPT)
    for start, end in pairwise(bounds):
        assert talk.send(f"BDAT {end - start}\r\n", octets[start:end]) == "250 Received\r\n"
    assert talk.say("BDAT 0 LAST") == "250 Received\r\n"

    assert [message.raw for message in talk.messages()] == [octets]


@given(line=st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=60))
def test_any_argument_of_AUTH_is_answered_with_one_reply(line):  # noqa: N802
    talk = Talk(auth={"bob": "secret"})
    talk.say(EHLO)

    replies = talk.say(f"AUTH {line}").splitlines()

    assert len(replies) == 1
    assert replies[0][:3] in ("334", "500", "501", "502", "504", "535", "235")
