"""Clients that misbehave within TLS, or on their way to it."""

from __future__ import annotations

import os
import random
import socket
import ssl
import struct
import subprocess
import sys
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from smtpmock import SMTPMock
from tests.long import LONG
from tests.raw_client import HELLO, TEXT, Client, deliver
from tests.robustness.watching import open_sessions, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_HANDSHAKES = 1_000 if LONG else 60


@pytest.fixture(params=["implicit", "starttls"])
def tls(request: pytest.FixtureRequest) -> Iterator[SMTPMock]:
    pytest.importorskip("trustme")
    with SMTPMock(tls=request.param, msg_size_limit=1_000_000) as mock:
        yield mock
        assert mock.errors == []


def at_handshake(mock: SMTPMock) -> Client:
    """Return a client whose server expects a handshake next."""
    if mock.settings.tls == "implicit":
        return Client(mock, greeting=None)
    client = Client(mock)
    assert client.ask(HELLO, "STARTTLS")[-1] == "220 Ready to start TLS"
    return client


def secured(mock: SMTPMock) -> Client:
    client = at_handshake(mock)
    client.begin_tls(mock.client_context())
    if mock.settings.tls == "implicit":
        assert client.read_reply() == "220 Welcome"
    return client


def assert_serves(mock: SMTPMock) -> None:
    before = len(mock.messages())
    with secured(mock) as client:
        client.deliver()
    assert len(mock.messages()) == before + 1


@cache
def client_hello() -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    return outgoing.read()


def test_floods_of_handshakes_that_nobody_finishes_do_not_keep_others_from_theirs(tls: SMTPMock) -> None:
    hello = client_hello()
    kinds = (
        b"",
        hello,
        hello[:3],
        hello[:100],
        hello[:-1],
        b"\x16\x03\x01\xff\xff",
        b"EHLO c.example\r\n",
        hello + hello,
    )
    clients = []
    for number in range(_HANDSHAKES):
        client = at_handshake(tls)
        client.send_bytes(kinds[number % len(kinds)])
        clients.append(client)
    assert_serves(tls)
    for number, client in enumerate(clients):
        client.reset() if number % 2 else client.close()
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert_serves(tls)


def test_random_records_in_the_handshake_and_after_it_end_the_session_alone(tls: SMTPMock) -> None:
    chance = random.Random(7)
    hello = client_hello()
    for _ in range(_HANDSHAKES):
        with at_handshake(tls) as client:
            broken = bytearray(hello)
            for _ in range(chance.randint(1, 8)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            client.send_bytes(bytes(broken))
            client.half_close()
    with secured(tls) as client:
        raw = socket.socket(fileno=os.dup(client.socket.fileno()))
        raw.sendall(struct.pack("!BHH", 23, 0x0303, 64) + bytes(64))  # application data that nobody encrypted
        raw.close()
        with suppress(OSError):  # an alert or a reset
            assert client.read_bytes() == b""
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert_serves(tls)


def test_a_server_name_that_is_not_ascii_ends_the_session_alone_and_prints_nothing(
    tls: SMTPMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[object] = []
    monkeypatch.setattr(sys.unraisablehook, "_previous", printed.append)
    with at_handshake(tls) as client:
        client.send_bytes(client_hello().replace(b"localhost", b"local\xff\x88\x1bx"))
        with suppress(OSError):  # an alert or a reset
            client.read_bytes()
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert printed == []
    [session] = tls.sessions()
    assert "The TLS handshake failed" in session.transcript()
    assert_serves(tls)


def test_what_cannot_be_raised_elsewhere_is_still_printed(tls: SMTPMock, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[Any] = []
    monkeypatch.setattr(sys.unraisablehook, "_previous", printed.append)

    class Dying:
        def __del__(self) -> None:
            b"\xff".decode("ascii")

    Dying()
    [unraisable] = printed
    assert unraisable.exc_type is UnicodeDecodeError


@pytest.fixture
def openssl(tls: SMTPMock) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start openssl's client, which sends what few others can any more: for a line that is a letter."""
    started = []

    def connect(*flags: str) -> subprocess.Popen[str]:
        command = ["openssl", "s_client", *flags, "-connect", f"127.0.0.1:{tls.port}", "-quiet", "-no_ign_eof"]
        command += ["-starttls", "smtp"] if tls.settings.tls == "starttls" else []
        try:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            started.append(subprocess.Popen(command, bufsize=1, text=True, **pipes))
        except FileNotFoundError:
            pytest.skip("openssl is not installed")
        return started[-1]

    yield connect
    for child in started:
        child.kill()
        child.communicate()


def write_and_read(child: subprocess.Popen[str], line: str, until: str) -> None:
    """Send a line, in a packet of its own or it is no letter, and read up to an answer."""
    assert child.stdin is not None
    assert child.stdout is not None
    if line:
        child.stdin.write(f"{line}\n")
    for answer in child.stdout:
        if until in answer:
            return
    raise AssertionError(f"no answer to {line!r} has {until!r}")


def test_renegotiation_ends_the_session_alone(tls: SMTPMock, openssl: Callable[..., subprocess.Popen[str]]) -> None:
    child = openssl("-tls1_2")
    write_and_read(child, "", "220 Welcome" if tls.settings.tls == "implicit" else "250 STARTTLS")
    write_and_read(child, "EHLO c.example", "250 ")
    write_and_read(child, "R", "RENEGOTIATING")
    write_and_read(child, "", "no renegotiation")
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert_serves(tls)


def test_keys_that_are_changed_again_and_again_do_no_harm(
    tls: SMTPMock, openssl: Callable[..., subprocess.Popen[str]]
) -> None:
    child = openssl("-tls1_3")
    write_and_read(child, "", "220 Welcome" if tls.settings.tls == "implicit" else "250 STARTTLS")
    for _ in range(50):
        write_and_read(child, "K", "KEYUPDATE")
        write_and_read(child, "NOOP", "250 Ok")
    assert_serves(tls)


@pytest.mark.parametrize("way", ["close", "half close", "reset"])
def test_an_end_without_close_notify_in_the_middle_of_a_body_leaves_an_attempt_that_failed(
    tls: SMTPMock, way: str
) -> None:
    client = secured(tls)
    client.begin_message()
    client.send("", "half of a")
    raw = socket.socket(fileno=os.dup(client.socket.fileno()))
    if way == "reset":
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif way == "half close":
        raw.shutdown(socket.SHUT_WR)
    client.close()
    raw.close()
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert tls.messages() == []
    [attempt] = tls.messages(accepted=False)
    assert attempt.sender == "a@example.com"
    [session] = tls.sessions()
    assert session.tls is not None
    assert_serves(tls)


def test_bodies_whose_connection_is_cut_at_every_record_do_no_harm(tls: SMTPMock) -> None:
    for number in range(20 if not LONG else 500):
        client = secured(tls)
        client.begin_message()
        for _ in range(number % 5):
            client.send("x" * 900)
        raw = socket.socket(fileno=os.dup(client.socket.fileno()))
        raw.sendall(struct.pack("!BHH", 23, 0x0303, 1_000) + bytes(number))  # a record that is not complete
        raw.close()
        client.close()
    assert wait_until(tls, lambda: not open_sessions(tls))
    assert_serves(tls)


def test_a_plain_client_after_a_flood_of_them_is_served() -> None:
    with SMTPMock() as mock:
        for _ in range(_HANDSHAKES):
            with Client(mock, greeting=None) as client:
                client.send_bytes(client_hello())
        deliver(mock)
        with Client(mock) as client:
            client.ask(HELLO, "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>", "DATA")
            client.send(*TEXT, ".")
            assert client.read_reply() == "250 Received"
        assert mock.errors == []
