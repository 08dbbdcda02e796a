"""Addresses that clients can use, and the names in certificates."""

from __future__ import annotations

import ssl
from smtplib import SMTP

import pytest

from smtpmock import SettingError, SMTPMock


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("0.0.0.0", "127.0.0.1:2525"),
        ("::", "[::1]:2525"),
        ("[::]", "[::1]:2525"),
        ("0:0:0:0:0:0:0:0", "[::1]:2525"),
        ("127.0.0.2", "127.0.0.2:2525"),
        ("localhost", "localhost:2525"),
    ],
)
def test_address_is_one_that_clients_can_use(host, address):
    mock = SMTPMock(host=host, port=2525, http_port=2525)

    assert (mock.address, mock.url, mock.http_url) == (address, f"smtp://{address}", f"http://{address}")


def test_server_on_all_addresses_is_reached_at_its_address():
    with SMTPMock(host="0.0.0.0") as mock:
        host, _, port = mock.address.rpartition(":")
        with SMTP(host, int(port)) as client:
            assert client.noop()[0] == 250


@pytest.mark.parametrize("name", ["robot-runner", "host.docker.internal", "10.1.2.3", "localhost"])
def test_certificate_is_for_further_names(name):
    with SMTPMock(tls="implicit", tls_names=["robot-runner", "host.docker.internal", "10.1.2.3"]) as mock:
        assert handshake(mock, name)


def test_certificate_is_for_no_other_name():
    with SMTPMock(tls="implicit") as mock, pytest.raises(ssl.SSLCertVerificationError):
        handshake(mock, "robot-runner")


def handshake(mock, name):
    import socket

    with (
        socket.create_connection((mock.host, mock.port), 60) as plain,
        mock.client_context().wrap_socket(plain, server_hostname=name) as secure,
    ):
        return secure.recv(4) == b"220 "


@pytest.mark.parametrize("settings", [{}, {"tls": "starttls", "certfile": "x.pem"}])
def test_names_without_a_certificate_that_is_made_have_no_effect(settings):
    with pytest.raises(SettingError, match=r"^Invalid tls_names .+: expected tls as well and no certfile"):
        SMTPMock(tls_names=["robot-runner"], **settings)


def test_name_that_cannot_stand_in_a_certificate_is_refused():
    with pytest.raises(SettingError, match=r"^Invalid tls_names "):
        SMTPMock(tls="implicit", tls_names=["not a name!"]).start()
