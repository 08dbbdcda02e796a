"""A client, and texts without times and ports, for the tests of what people read."""

from __future__ import annotations

import re
from smtplib import SMTP
from textwrap import dedent

import pytest

from smtpmock import ExpectationError


def send(mock, recipient="bob@example.com", text="Subject: Welcome\r\n\r\nhello"):
    with SMTP(mock.host, mock.port, local_hostname="app.example") as client:
        client.sendmail("shop@example.com", [recipient], text)


def masked(text):
    """The text with each time, duration and port replaced by one of the same width."""
    text = re.sub(r"\b\d\d:\d\d:\d\d\.\d{3}\b", "12:00:00.000", text)
    text = re.sub(r"\+\d+\.\d{3}(?= [CS]:)", "+0.000", text)
    text = re.sub(r"(?<=ended after )\d+\.\d{3}", "0.000", text)
    text = re.sub(r"\b(from|to):<", lambda found: found[0].upper(), text)  # smtplib 3.13.0 writes small letters
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:2525", text)


def shown(text):
    text = re.sub(r"\d+\.\d+ s (?=after)", "0.0 s ", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:2525", text)
    return masked(text)


def assert_explains(error, expected):
    assert masked(str(error)) == dedent(expected).strip("\n")


def failure(function, *args, **query):
    with pytest.raises(ExpectationError) as caught:
        function(*args, **query)
    return caught.value
