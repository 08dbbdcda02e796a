"""Servers that are commands of their own, over a shared store, and clients that see them die."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from time import monotonic, sleep

from tests.raw_client import ENVELOPE, Client

SECONDS = 60
KILLS = int(os.environ.get("SMTPMOCK_TEST_KILLS", "1"))
"""How many servers or workers are killed: more take longer."""


@contextmanager
def serving(url, *flags):
    """Run the command; the value is the process, the port of SMTP and the URL of HTTP."""
    command = [sys.executable, "-m", "smtpmock", "serve", "--smtp-port=0", "--http-port=0", f"--store={url}", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            smtp = process.stdout.readline().rpartition(":")[2]
            http = process.stdout.readline().partition(" ")[2].strip()
            assert http, process.stderr.read()
            yield process, int(smtp), http
        finally:
            if process.poll() is None:
                process.terminate()


def wait_until(condition):
    end = monotonic() + SECONDS
    while not condition():
        assert monotonic() < end
        sleep(0.01)


def send(port, subject):
    """Send a message; return True if it was answered 250, and False if the connection broke."""
    try:
        with Client(port, greeting=None) as client:
            client.send(*ENVELOPE, "DATA", f"Subject: {subject}", "", "text", ".")
            return _is_taken(client)
    except OSError:
        return False


def _is_taken(client):
    replies = client.read_replies(6)  # greeting, EHLO, MAIL FROM, RCPT TO, DATA, message
    assert all(reply[:1] in ("2", "3", "") for reply in replies), replies
    return replies[-1].startswith("250")
