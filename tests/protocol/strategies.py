"""The lines of a session, and the grammar of RFC 5321 section 4.1.2 and 4.1.3, as strategies."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

thorough = settings(max_examples=200)
"""Twice as many examples as usual."""

# Sessions.

_LINES = [
    *("EHLO client.example", "HELO [127.0.0.1]", "EHLO bad.example", "EHLO x_y", "helo", "MAIL FROM:<a@example.com>"),
    *("MAIL FROM:<bot@example.com>", "MAIL FROM:<>", "MAIL FROM:<a>", "MAIL FROM <a@b>", "RCPT TO:<b@example.com>"),
    *("RCPT TO:<c@example.com>", "RCPT TO:<no@example.com>", "RCPT TO:<Postmaster>", "RCPT TO:", "DATA", "data x"),
    *("RSET", "RSET x", "NOOP", "noop x", "QUIT x", "QUIT", "FOO", "", ".", "..", "Subject: x", "x" * 16_390),
]
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "multiple_rcptto": st.booleans(),
        "multiple_message_receiving": st.booleans(),
        "fail_fast": st.booleans(),
        "msg_size_limit": st.integers(1, 60),
        "response_delay_noop": st.just(1),
        "response_delay_data": st.just(2),
        "response_delay_message": st.just(3),
        "blacklisted_helo_domains": st.just(["bad.example"]),
        "blacklisted_mailfrom_emails": st.just(["bot@example.com"]),
        "not_registered_emails": st.just(["no@example.com"]),
    },
)
_END = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b""])
_LINE = st.builds(bytes.__add__, st.sampled_from([line.encode() for line in _LINES]), _END)
_MAIL = st.builds(
    lambda body: b"EHLO c.example\r\nMAIL FROM:<a@b>\r\nRCPT TO:<b@c>\r\nDATA\r\n" + b"".join(body) + b"\r\n.\r\n",
    st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b".", b"x", b"\xff", b"hello"]), max_size=12),
)
SESSIONS = st.lists(_LINE | _LINE | _LINE | _MAIL | st.binary(max_size=8), max_size=14).map(b"".join)


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes in pieces."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=20)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


# RFC 5321, with the letters that RFC 6531 adds.

_LET_DIG = st.sampled_from("azAZ059éяλ字")
_LDH = st.text(st.sampled_from("azAZ059éяλ字-"), max_size=8)
SUB_DOMAIN = st.builds(lambda first, inner, last: first + inner + last, _LET_DIG, _LDH, _LET_DIG) | _LET_DIG


def _is_numeric(labels: list[str]) -> bool:
    return len(labels) > 1 and all(label.isascii() and label.isdigit() for label in labels)


DOMAIN = st.lists(SUB_DOMAIN, min_size=1, max_size=5).filter(lambda labels: not _is_numeric(labels)).map(".".join)
SNUM = st.builds(lambda number, width: str(number).zfill(width), st.integers(0, 255), st.integers(1, 3))
IPV4 = st.lists(SNUM, min_size=4, max_size=4).map(".".join)
_HEX = st.text("0123456789abcdefABCDEF", min_size=1, max_size=4)
_PLAIN_IPV4 = st.ip_addresses(v=4).map(str)


def _groups(most: int) -> st.SearchStrategy[str]:
    return st.lists(_HEX, max_size=most).map(":".join)


IPV6 = st.one_of(
    st.lists(_HEX, min_size=8, max_size=8).map(":".join),
    st.builds("{}::{}".format, _groups(3), _groups(3)),
    st.builds("{}:{}".format, st.lists(_HEX, min_size=6, max_size=6).map(":".join), _PLAIN_IPV4),
    st.builds("{}::{}".format, _groups(2), _PLAIN_IPV4),
    st.builds("{}::{}:{}".format, _groups(2), st.lists(_HEX, min_size=1, max_size=2).map(":".join), _PLAIN_IPV4),
)
LITERAL = IPV4.map("[{}]".format) | st.builds("[{}{}]".format, st.sampled_from(["IPv6:", "ipv6:", "IPV6:"]), IPV6)
HOST = DOMAIN | LITERAL

ATOM = st.text("abzABZ059!#$%&'*+-/=?^_`{|}~éяλ字", min_size=1, max_size=8)
DOT_STRING = st.lists(ATOM, min_size=1, max_size=4).map(".".join)
_QTEXT = st.characters(codec="ascii", min_codepoint=32, max_codepoint=126, exclude_characters='"\\') | st.sampled_from(
    "éя字"
)
_QUOTED_PAIR = st.characters(codec="ascii", min_codepoint=32, max_codepoint=126).map("\\{}".format)
QUOTED_STRING = st.lists(_QTEXT | _QUOTED_PAIR, max_size=10).map("".join).map('"{}"'.format)
MAILBOX = st.builds("{}@{}".format, DOT_STRING | QUOTED_STRING, HOST)
ROUTE = st.lists(DOMAIN.map("@{}".format), min_size=1, max_size=3).map(",".join).map("{}:".format)
