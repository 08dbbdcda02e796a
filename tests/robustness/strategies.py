"""Conversations that go wrong somewhere."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from tests import parity
from tests.long import LONG
from tests.robustness.driven import EVERYTHING, KEEPS_EVERYTHING

thorough = settings(max_examples=20_000 if LONG else 150)
"""More examples than usual, and very many in a long run."""

_ENVELOPE = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
_HTML = (
    b"Subject: =?utf-8?q?=3Cscript=3Ealert(1)=3C/script=3E?=\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<script>alert(1)</script></iframe>"><img src=x onerror=alert(1)>\x1b[31m\r\n.\r\n'
)
_ESMTP = (
    b"EHLO c.example\r\n" + _ENVELOPE + b"BDAT 5\r\nhelloBDAT 0 LAST\r\nQUIT\r\n",
    b"EHLO c.example\r\nAUTH PLAIN AGEAYg==\r\nMAIL FROM:<a@example.com> SIZE=9 BODY=8BITMIME RET=HDRS\r\n"
    b"RCPT TO:<b@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b@example.com\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n",
    b"EHLO c.example\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\nVRFY b\r\nHELP\r\nNOOP\r\nRSET\r\nQUIT\r\n",
    b"EHLO c.example\r\nAUTH CRAM-MD5\r\nYSBiYmJi\r\nAUTH XOAUTH2\r\n*\r\nAUTH OAUTHBEARER bixhPWEsAQE=\r\n\r\n",
    "EHLO c.example\r\nMAIL FROM:<é@münchen.example> SMTPUTF8\r\nRCPT TO:<字@例.example>\r\nDATA\r\n".encode() + _HTML,
    b"EHLO <script>alert(1)</script>\r\nHELO c.example\r\n" + _ENVELOPE + b"DATA\r\n" + _HTML,
    b"EHLO c.example\r\nSTARTTLS\r\nEHLO c.example\r\n" + _ENVELOPE + b"DATA\r\n..\r\n.\r\n",
    b"EHLO c.example\r\n" + _ENVELOPE + b"DATA\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
    b"Content-Disposition: attachment; filename=../../../x\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n"
    b"--x--\r\n.\r\n",
)
CONVERSATIONS = tuple("".join(step["send"] for step in found["steps"]).encode() for found in parity.SCENARIOS) + _ESMTP

_NOISE = st.binary(min_size=1, max_size=12) | st.sampled_from(
    [
        *(b"\r\n", b"\n", b"\r", b"\0", b".", b"\r\n.\r\n", b"\n.\n", b" ", b"\t", b"<", b">", b"\xff"),
        *(b"\xe2\x80\xa8", b"\xe2\x80\xae", b"<script>", b"\x1b]0;x\x07", b"%n", b"=?utf-8?b?/w==?=", b"AUTH "),
        *(b"BDAT 99999999999999999\r\n", b"x" * 17_000),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A conversation, or two of them, with bytes taken out, doubled, exchanged and put in."""
    said = draw(st.sampled_from(CONVERSATIONS)) + draw(st.sampled_from((b"", *CONVERSATIONS)))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(said)))
        end = min(len(said), start + draw(st.integers(0, 20)))
        match draw(st.sampled_from(("cut", "double", "replace", "insert"))):
            case "cut":
                said = said[:start] + said[end:]
            case "double":
                said = said[:end] + said[start:]
            case "replace":
                said = said[:start] + draw(_NOISE) + said[end:]
            case _:
                said = said[:start] + draw(_NOISE) + said[start:]
    return said


@st.composite
def pieces_of(draw: st.DrawFn, said: bytes) -> list[bytes]:
    """The same bytes in pieces."""
    places = sorted(draw(st.lists(st.integers(0, len(said)), max_size=12)))
    return [said[start:end] for start, end in zip([0, *places], [*places, len(said)], strict=True)]


SETTINGS = st.sampled_from(
    [
        {},
        KEEPS_EVERYTHING,
        {**KEEPS_EVERYTHING, "fail_fast": True, "msg_size_limit": 40},
        {"fail_fast": True, "msg_size_limit": 40},
        EVERYTHING,
        {**EVERYTHING, **KEEPS_EVERYTHING, "msg_size_limit": 60},
        {**EVERYTHING, "multiple_message_receiving": True, "msg_size_limit": 60, "response_delay_data": 1},
        {**EVERYTHING, "require_auth": True, "auth": {"a": "b"}},
    ]
)
