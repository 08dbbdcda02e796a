"""aiosmtplib logs in by every mechanism that it has, with and without TLS."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from smtpmock import SMTPMock
from tests.esmtp.test_smtplib import MAIL, MECHANISMS, MODES, received
from tests.raw_client import SECONDS

aiosmtplib = pytest.importorskip("aiosmtplib")

BOB = {"bob": "s3cret pass wörd"}


def client_of(mock):
    mode = mock.settings.tls
    context = mock.client_context() if mode else None
    return aiosmtplib.SMTP(
        hostname="localhost",
        port=mock.port,
        use_tls=mode == "implicit",
        start_tls=mode == "starttls",
        tls_context=context,
        timeout=SECONDS,
    )


def deliver(mock, log_in):
    async def send():
        async with client_of(mock) as client:
            closed = closing_of(client)
            try:
                await log_in(client)
                await client.sendmail("a@example.com", ["b@example.com"], MAIL)
                await client.quit()
            finally:
                client.close()
                await asyncio.wait_for(closed.wait(), SECONDS)

    asyncio.run(send())


def closing_of(client):
    """Return an event for the end of the connection: with TLS, a client closes it later than it returns."""
    closed = asyncio.Event()
    lose = client.protocol.connection_lost

    def connection_lost(error):
        lose(error)
        closed.set()

    client.protocol.connection_lost = connection_lost
    return closed


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_it_logs_in_and_delivers(mode, mechanism):
    with SMTPMock(auth=BOB, auth_mechanisms=[mechanism], require_auth=True, **MODES[mode]) as mock:
        deliver(mock, lambda client: client.login("bob", BOB["bob"]))

        assert (received(mock, mechanism).tls is None) == (mode == "clear")


@pytest.mark.skipif(not hasattr(aiosmtplib.SMTP, "auth_xoauth2"), reason="this aiosmtplib has no tokens")
def test_it_logs_in_with_a_token():
    with SMTPMock(auth={"bob": "t0ken"}, auth_mechanisms=["XOAUTH2"]) as mock:
        deliver(mock, lambda client: client.auth_xoauth2("bob", "t0ken"))

        received(mock, "XOAUTH2")


def test_it_is_refused_with_a_wrong_password():
    with SMTPMock(auth=BOB, auth_mechanisms=["PLAIN"]) as mock:
        with pytest.raises(aiosmtplib.SMTPAuthenticationError) as failure:
            deliver(mock, lambda client: client.login("bob", "wrong"))

        assert (failure.value.code, failure.value.message) == (535, "Authentication credentials invalid")


def test_it_does_not_trust_an_expired_certificate():
    with SMTPMock(tls="starttls", tls_fault="expired") as mock:
        with pytest.raises((ssl.SSLCertVerificationError, aiosmtplib.SMTPException), match="expired"):
            deliver(mock, lambda client: client.noop())

        assert mock.wait_for_session(SECONDS).tls_error
