"""The replies to AUTH, a client that has said EHLO, and the responses that it sends."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode

from tests.esmtp.talk import EHLO, Talk, b64

SUCCEEDED = "235 Authentication succeeded\r\n"
FAILED = "535 Authentication credentials invalid\r\n"
CANCELLED = "501 Authentication cancelled\r\n"
UNREADABLE = "501 The response is no base64, or not of the mechanism\r\n"
UNKNOWN = "504 Authentication mechanism not offered\r\n"
NO_ARGUMENT = "501 AUTH requires a mechanism, and at most an initial response\r\n"
OUT_OF_SEQUENCE = "503 Bad sequence of commands. AUTH should be used once, outside of a mail\r\n"
WHY = f"334 {b64(json.dumps({'status': 'invalid_token', 'schemes': 'bearer'}))}\r\n"
BOB = {"bob": "secret"}


def greeted(*rules, **settings):
    talk = Talk(*rules, **{"auth": BOB, **settings})
    talk.say(EHLO)
    return talk


def xoauth2(user="bob", token="secret"):
    return b64(f"user={user}\x01auth=Bearer {token}\x01\x01")


def oauthbearer(user="a=bob", token="secret", more="host=localhost\x01port=25\x01"):
    return b64(f"n,{user},\x01{more}auth=Bearer {token}\x01\x01")


def cram(talk, user="bob", password="secret"):
    """Logs in by CRAM-MD5; returns the challenge and what was answered."""
    challenge = b64decode(talk.say("AUTH CRAM-MD5").removeprefix("334 "))
    digest = hmac.new(password.encode(), challenge, "md5").hexdigest()
    return challenge, talk.say(b64(f"{user} {digest}"))
