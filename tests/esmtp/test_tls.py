"""TLS on real sockets, with the standard library as the client."""

from __future__ import annotations

import smtplib
import ssl

import pytest
from trustme import CA

from smtpmock import SMTPMock
from smtpmock.runtime.certificates import certificates
from smtpmock.settings.declarations import SettingError
from tests.raw_client import ENVELOPE, HELLO, SECONDS, Client

MAIL = "Subject: hi\r\n\r\nhello\r\n"
HANDSHAKE_FAULTS = {
    "expired": ("CERTIFICATE_VERIFY_FAILED", "certificate has expired"),
    "wrong-host": ("CERTIFICATE_VERIFY_FAILED", "certificate is not valid for 'localhost'"),
    "unknown-authority": ("CERTIFICATE_VERIFY_FAILED", "unable to get"),
    "refuse": ("HANDSHAKE_FAILURE", ""),
}


def plain(mock):
    return smtplib.SMTP("localhost", mock.port, local_hostname="app.example.com", timeout=SECONDS)


def implicit(mock, context=None):
    return smtplib.SMTP_SSL(
        "localhost", mock.port, "app.example.com", timeout=SECONDS, context=context or mock.client_context()
    )


def begun(mock):
    """A client that has begun TLS, as the server wants it."""
    if mock.settings.tls == "implicit":
        return implicit(mock)
    with plain(mock) as client:
        return client.starttls(context=mock.client_context())


def deliver(client):
    assert client.sendmail("a@example.com", ["b@example.com"], MAIL) == {}


def read_to_the_end(client):
    data = b""
    try:
        while piece := client.recv(1000):
            data += piece
    except ConnectionResetError:
        pass  # as hard an end as the other one
    return data


@pytest.fixture
def started():
    """Starts servers that listen on the address of localhost; at the end nothing must have gone wrong in them."""
    mocks = []

    def start(**settings):
        mock = SMTPMock(host="127.0.0.1", **settings)
        mock.start()
        mocks.append(mock)
        return mock

    yield start
    for mock in mocks:
        mock.stop()
    assert [error for mock in mocks for error in mock.errors] == []


class TestModes:
    def test_a_mail_after_STARTTLS(self, started):  # noqa: N802
        mock = started(tls="starttls")
        with plain(mock) as client:
            client.starttls(context=mock.client_context())
            client.ehlo()
            assert not client.has_extn("STARTTLS")
            deliver(client)

        message = mock.wait_for_message(SECONDS)
        assert message.raw == MAIL.encode()
        assert message.tls is not None
        assert (message.tls.version, message.tls.server_name) == ("TLSv1.3", "localhost")

    def test_a_mail_without_it_where_it_is_not_required(self, started):
        mock = started(tls="starttls")
        with plain(mock) as client:
            deliver(client)

        assert mock.wait_for_message(SECONDS).tls is None

    def test_a_mail_with_implicit_TLS(self, started):  # noqa: N802
        mock = started(tls="implicit")
        with implicit(mock) as client:
            deliver(client)

        message = mock.wait_for_message(SECONDS)
        assert message.raw == MAIL.encode()
        assert message.tls is not None
        assert mock.url == f"smtps://127.0.0.1:{mock.port}"

    def test_a_large_mail(self, started):
        mock = started(tls="implicit")
        body = MAIL + "0123456789\r\n" * 300_000
        with implicit(mock) as client:
            assert client.sendmail("a@example.com", ["b@example.com"], body) == {}

        assert mock.wait_for_message(SECONDS).raw == body.encode()

    def test_a_mail_before_TLS_is_refused_where_it_is_required(self, started):  # noqa: N802
        mock = started(tls="starttls", require_tls=True)
        with plain(mock) as client:
            with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
                client.sendmail("a@example.com", ["b@example.com"], MAIL)
            client.starttls(context=mock.client_context())
            deliver(client)

        assert refusal.value.smtp_code == 530
        assert mock.wait_for_message(SECONDS).is_consistent

    def test_many_sessions_after_another_on_one_server(self, started):
        mock = started(tls="implicit")
        for _ in range(5):
            with implicit(mock) as client:
                deliver(client)

        assert len(mock.wait_for_messages(5, SECONDS)) == 5

    def test_a_server_stops_while_a_client_is_connected(self, started):
        mock = started(tls="implicit")
        client = implicit(mock)
        mock.stop()
        mock.start()

        assert client.noop()[0] == 421
        client.close()

    def test_a_client_in_clear_text_fails_and_the_next_one_succeeds(self, started):
        mock = started(tls="implicit")
        with Client(mock, greeting=None) as client:
            client.send(HELLO)
            assert b"220" not in read_to_the_end(client.socket)
        assert mock.wait_for_session(SECONDS).tls_error

        with implicit(mock) as client:
            deliver(client)

    def test_a_client_that_goes_before_the_handshake_leaves_its_reason(self, started):
        mock = started(tls="implicit")
        Client(mock, greeting=None).close()

        session = mock.wait_for_session(SECONDS)
        assert (session.tls, bool(session.tls_error)) == (None, True)

    def test_its_session_is_over_when_a_client_reads_the_end_of_a_handshake_that_failed(self, started):
        mock = started(tls="implicit", session_timeout=0.02)
        for number in range(20):
            with Client(mock, greeting=None) as client:
                assert client.read_bytes() == b""
            assert mock.sessions()[number].ended_at

    def test_a_client_that_says_nothing_is_let_go_by_the_timeout(self, started):
        mock = started(tls="implicit", session_timeout=0.2)
        with Client(mock, greeting=None) as client:
            assert client.read_bytes() == b""

        assert mock.wait_for_session(SECONDS).tls is None

    def test_what_is_injected_behind_STARTTLS_is_neither_answered_nor_executed(self, started):  # noqa: N802
        mock = started(tls="starttls")
        with Client(mock) as client:
            client.send(HELLO, "STARTTLS", "EHLO evil.example", "MAIL FROM:<evil@example.com>")
            said = client.read_replies(2)
            client.begin_tls(mock.client_context())
            client.send("NOOP", ENVELOPE[1], "QUIT")
            answers = client.read_bytes()

        assert said == ["250-Received\n250 STARTTLS", "220 Ready to start TLS"]
        assert answers.splitlines()[0] == b"250 Ok"
        assert answers.splitlines()[1].startswith(b"503 ")
        session = mock.wait_for_session(SECONDS)
        assert "evil" not in "".join(exchange.request for exchange in session.exchanges)
        assert "command-after-starttls" in [violation.code for violation in session.violations]


class TestCertificate:
    def test_it_is_made_once_for_all_servers_of_a_process(self, started):
        first, second = started(tls="implicit"), started(tls="starttls")

        assert first.ca_certificate == second.ca_certificate == certificates().ca
        assert first.ca_certificate.read_text().startswith("-----BEGIN CERTIFICATE-----")
        with implicit(first, second.client_context()) as client:
            assert client.noop()[0] == 250

    def test_a_client_that_does_not_know_the_authority_does_not_trust_it(self, started):
        mock = started(tls="implicit")

        with pytest.raises(ssl.SSLCertVerificationError):
            implicit(mock, ssl.create_default_context())
        assert "UNKNOWN_CA" in mock.wait_for_session(SECONDS).tls_error

    @pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
    def test_it_is_for_the_names_of_this_machine(self, started, name):
        mock = started(tls="implicit")

        with smtplib.SMTP_SSL(name, mock.port, timeout=SECONDS, context=mock.client_context()) as client:
            assert client.noop()[0] == 250

    def test_one_s_own_is_taken(self, started, tmp_path):
        authority = CA()
        paths = [tmp_path / name for name in ("cert.pem", "key.pem", "both.pem", "ca.pem")]
        leaf = authority.issue_cert("localhost")
        leaf.cert_chain_pems[0].write_to_path(str(paths[0]))
        leaf.private_key_pem.write_to_path(str(paths[1]))
        leaf.private_key_and_cert_chain_pem.write_to_path(str(paths[2]))
        authority.cert_pem.write_to_path(str(paths[3]))
        context = ssl.create_default_context(cafile=paths[3])

        for files in ({"certfile": str(paths[0]), "keyfile": str(paths[1])}, {"certfile": str(paths[2])}):
            with implicit(started(tls="implicit", **files), context) as client:
                assert client.noop()[0] == 250

    @pytest.mark.parametrize(
        ("setting", "settings"),
        [
            ("certfile", {"certfile": "missing.pem"}),
            ("tls_ciphers", {"tls_ciphers": "NONSENSE"}),
            ("client_cafile", {"client_certificate": "required", "client_cafile": "missing.pem"}),
        ],
    )
    def test_what_cannot_be_used_is_refused_at_the_start(self, setting, settings):
        mock = SMTPMock(tls="implicit", **settings)

        with pytest.raises(SettingError, match=f"^Invalid {setting} '(missing.pem|NONSENSE)': "):
            mock.start()
        assert not mock.is_running


class TestNegotiation:
    @pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
    def test_version_and_cipher_are_on_the_session(self, started, version):
        mock = started(tls="implicit")
        context = mock.client_context()
        context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
        with implicit(mock, context) as client:
            cipher = client.sock.cipher()[0]

        session = mock.wait_for_session(SECONDS)
        assert session.tls is not None
        assert (session.tls.version, session.tls.cipher, session.tls_error) == (version, cipher, "")

    def test_a_client_below_the_lowest_version_is_refused(self, started):
        mock = started(tls="implicit", tls_minimum_version="TLSv1.3")
        context = mock.client_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2

        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            implicit(mock, context)
        assert "UNSUPPORTED_PROTOCOL" in mock.wait_for_session(SECONDS).tls_error

    def test_only_the_ciphers_that_are_wanted_are_used(self, started):
        mock = started(tls="implicit", tls_ciphers="ECDHE+AES256")
        context = mock.client_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with implicit(mock, context) as client:
            assert client.sock.cipher()[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"

    def test_a_client_without_such_a_cipher_is_refused(self, started):
        mock = started(tls="implicit", tls_ciphers="ECDHE+AES256")
        context = mock.client_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE+AES128")

        with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
            implicit(mock, context)
        assert "NO_SHARED_CIPHER" in mock.wait_for_session(SECONDS).tls_error

    def test_a_client_that_names_no_server_leaves_no_name(self, started):
        mock = started(tls="implicit")
        context = mock.client_context()
        context.check_hostname = False
        with Client(mock, greeting=None) as client:
            client.begin_tls(context, server_name=None)
            assert client.read_reply() == "220 Welcome"
            assert client.ask("QUIT") == ["221 Closing connection"]

        session = mock.wait_for_session(SECONDS)
        assert session.tls is not None
        assert session.tls.server_name == ""


class TestClientCertificate:
    def test_it_is_on_the_session_and_on_the_message(self, started):
        mock = started(tls="implicit", client_certificate="required")
        with implicit(mock, mock.client_context(certificate=True)) as client:
            deliver(client)

        tls = mock.wait_for_message(SECONDS).tls
        assert tls is not None
        assert tls.client_certificate is not None
        assert tls.client_certificate["subjectAltName"] == (("email", "client@smtpmock.invalid"),)

    def test_a_client_without_one_is_refused_where_it_is_required(self, started):
        mock = started(tls="implicit", client_certificate="required")

        # With TLS 1.3 a client learns of it with the first bytes that it reads.
        with pytest.raises((ssl.SSLError, smtplib.SMTPServerDisconnected)):
            implicit(mock)
        session = mock.wait_for_session(SECONDS)
        assert (session.tls, session.tls_error) == (None, "PEER_DID_NOT_RETURN_A_CERTIFICATE")

    def test_a_client_without_one_is_served_where_it_is_optional(self, started):
        mock = started(tls="implicit", client_certificate="optional")
        with implicit(mock) as client:
            deliver(client)

        tls = mock.wait_for_message(SECONDS).tls
        assert tls is not None
        assert tls.client_certificate is None

    def test_where_it_is_not_asked_for_it_is_not_shown(self, started):
        mock = started(tls="implicit")
        with implicit(mock, mock.client_context(certificate=True)) as client:
            deliver(client)

        tls = mock.wait_for_message(SECONDS).tls
        assert tls is not None
        assert tls.client_certificate is None

    def test_one_of_another_authority_is_taken_where_that_is_named(self, started, tmp_path):
        authority = CA()
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        authority.issue_cert("c@example.com").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
        settings = {"tls": "implicit", "client_certificate": "required"}
        context = started(**settings).client_context()
        context.load_cert_chain(tmp_path / "client.pem")

        with implicit(started(**settings, client_cafile=str(tmp_path / "ca.pem")), context) as client:
            assert client.noop()[0] == 250
        stranger = started(**settings)
        with pytest.raises((ssl.SSLError, smtplib.SMTPServerDisconnected, OSError)):
            implicit(stranger, context)
        assert stranger.wait_for_session(SECONDS).tls_error == "CERTIFICATE_VERIFY_FAILED"


class TestFaults:
    @pytest.mark.parametrize("fault", HANDSHAKE_FAULTS)
    @pytest.mark.parametrize("by_rule", [False, True])
    def test_a_client_sees_it_after_STARTTLS(self, started, fault, by_rule):  # noqa: N802
        mock = started(tls="starttls", tls_fault="" if by_rule else fault)
        if by_rule:
            mock.on("STARTTLS", tls=fault)

        with plain(mock) as client, pytest.raises(ssl.SSLError) as failure:
            client.starttls(context=mock.client_context())

        assert_failed(mock, failure, fault)

    @pytest.mark.parametrize("fault", HANDSHAKE_FAULTS)
    @pytest.mark.parametrize("by_rule", [False, True])
    def test_a_client_sees_it_with_implicit_TLS(self, started, fault, by_rule):  # noqa: N802
        mock = started(tls="implicit", tls_fault="" if by_rule else fault)
        if by_rule:
            mock.on("STARTTLS", tls=fault)

        with pytest.raises(ssl.SSLError) as failure:
            implicit(mock)

        assert_failed(mock, failure, fault)

    @pytest.mark.parametrize("tls", ["starttls", "implicit"])
    def test_the_connection_is_cut_in_the_handshake(self, started, tls):
        mock = started(tls=tls, tls_fault="cut")

        with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
            begun(mock)
        assert mock.wait_for_session(SECONDS).tls_error == "ended on purpose (tls: cut)"

    def test_offered_and_then_refused(self, started):
        mock = started(tls="starttls", tls_fault="reject")
        with plain(mock) as client:
            with pytest.raises(smtplib.SMTPResponseException) as refusal:
                client.starttls(context=mock.client_context())
            deliver(client)

        assert (refusal.value.smtp_code, refusal.value.smtp_error) == (454, b"TLS not available now")
        assert mock.wait_for_message(SECONDS).tls is None

    def test_not_offered(self, started):
        mock = started(tls="starttls", tls_fault="hide")
        with plain(mock) as client, pytest.raises(smtplib.SMTPNotSupportedError):
            client.starttls(context=mock.client_context())

    def test_it_happens_once_then_all_is_well(self, started):
        mock = started(tls="implicit")
        rule = mock.on("STARTTLS", tls="expired", times=1)
        with pytest.raises(ssl.SSLCertVerificationError):
            implicit(mock)
        with implicit(mock) as client:
            deliver(client)

        rule.assert_used(1)

    def test_a_client_that_does_not_verify_does_not_notice(self, started):
        mock = started(tls="implicit", tls_fault="expired")
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with implicit(mock, context) as client:
            deliver(client)

    def test_a_session_that_failed_says_so_in_a_report(self, started):
        mock = started(tls="implicit", tls_fault="expired")
        with pytest.raises(ssl.SSLCertVerificationError):
            implicit(mock)
        mock.wait_for_session(SECONDS)

        with pytest.raises(AssertionError, match=r"The TLS handshake failed: .*EXPIRED"):
            mock.message()


def assert_failed(mock, failure, fault):
    reason, text = HANDSHAKE_FAULTS[fault]
    assert reason in str(failure.value)
    assert text in str(failure.value)
    session = mock.wait_for_session(SECONDS)
    assert session.tls is None
    assert session.tls_error
    assert mock.messages() == [] or not mock.messages()[0].is_consistent
