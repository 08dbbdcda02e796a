"""Who may leave without QUIT: a client that rejects TLS, and one that has said nothing."""

from __future__ import annotations

import ssl
from contextlib import contextmanager

import pytest

from smtpmock import SMTPMock
from tests.raw_client import HELLO, SECONDS, Client
from tests.violations.talk import places

TLS = ("starttls", "implicit")
HANDSHAKE_FAULTS = ("expired", "wrong-host", "unknown-authority", "refuse", "cut")
NO_QUIT = [("no-quit", "")]


@contextmanager
def encrypted(mock, context=None):
    """A client that has begun TLS, and leaves without QUIT."""
    is_implicit = mock.settings.tls == "implicit"
    with Client(mock, greeting=None) as client:
        if not is_implicit:
            client.read_reply()
            client.ask("EHLO client.example.com", "STARTTLS")
        client.begin_tls(context or mock.client_context())
        if is_implicit:
            client.read_reply()
        yield client


def verdict(mock):
    """Return the violations of the only session, which are those of the whole server."""
    session = mock.wait_for_session(SECONDS)
    assert tuple(mock.violations()) == session.violations
    return places(session.violations)


@pytest.mark.parametrize("tls", TLS)
def test_a_client_that_does_not_know_the_authority_is_not_accused(tls):
    with SMTPMock(tls=tls) as mock:
        with pytest.raises(ssl.SSLCertVerificationError), encrypted(mock, ssl.create_default_context()):
            pass
        assert verdict(mock) == []

    assert mock.sessions()[0].tls_error


@pytest.mark.parametrize("tls", TLS)
@pytest.mark.parametrize("fault", HANDSHAKE_FAULTS)
@pytest.mark.parametrize("by_rule", [False, True], ids=["by-setting", "by-rule"])
def test_a_client_whose_handshake_fails_is_not_accused(tls, fault, by_rule):
    with SMTPMock(tls=tls, tls_fault="" if by_rule else fault) as mock:
        if by_rule:
            mock.on("STARTTLS", tls=fault)
        with pytest.raises((ssl.SSLError, ConnectionResetError)), encrypted(mock):
            pass
        assert verdict(mock) == []

    assert mock.sessions()[0].tls_error


@pytest.mark.parametrize("tls", TLS)
def test_a_client_that_checks_the_certificate_after_the_handshake_and_leaves_is_not_accused(tls):
    with SMTPMock(tls=tls) as mock:
        with encrypted(mock):
            pass
        assert verdict(mock) == []

    assert mock.sessions()[0].tls_error == ""


@pytest.mark.parametrize("tls", TLS)
def test_a_client_that_goes_on_under_tls_has_to_say_quit(tls):
    with SMTPMock(tls=tls) as mock:
        with encrypted(mock) as client:
            client.ask("EHLO client.example.com")
        assert verdict(mock) == NO_QUIT


def test_what_a_client_did_before_its_handshake_failed_is_found():
    with SMTPMock(tls="starttls", tls_fault="expired") as mock:
        with Client(mock) as client:
            client.ask("EHLO localhost", "STARTTLS")
            with pytest.raises(ssl.SSLCertVerificationError):
                client.begin_tls(mock.client_context())
        assert verdict(mock) == [("helo-not-qualified", 'in "EHLO localhost"')]


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_only_looks_whether_the_port_is_open_is_not_accused(mock, how):
    client = Client(mock)
    getattr(client, how)()

    assert verdict(mock) == []
    mock.assert_no_violations()


def test_a_client_that_looks_at_an_encrypted_port_is_not_accused():
    with SMTPMock(tls="implicit") as mock:
        Client(mock, greeting=None).close()
        assert verdict(mock) == []


@pytest.mark.parametrize("line", [HELLO, "NOOP", "FOO", ""])
def test_a_client_that_has_said_anything_has_to_say_quit(mock, line):
    with Client(mock) as client:
        client.ask(line)

    assert verdict(mock) == NO_QUIT
