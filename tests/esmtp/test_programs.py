"""swaks, curl, msmtp and Nodemailer over TLS, logging in by every mechanism that they have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smtpmock import SMTPMock
from tests.clients.mail import MESSAGE, run
from tests.raw_client import SECONDS

BOB = {"bob": "s3cret"}
MODULES = Path(__file__).parent.parent / "clients" / "node_modules"
MODES = {"clear": {}, "starttls": {"tls": "starttls", "require_tls": True}, "implicit": {"tls": "implicit"}}


def swaks(mock, mechanism, password="s3cret", *options):
    tls = {"": (), "starttls": ("--tls",), "implicit": ("--tls-on-connect",)}[mock.settings.tls]
    verified = ("--tls-verify", "--tls-ca-path", str(mock.ca_certificate)) if tls else ()
    login = ("--auth", mechanism, "--auth-user", "bob", "--auth-password", password) if mechanism else ()
    return run(
        *("swaks", "--server", "localhost", "--port", str(mock.port), "--ehlo", "client.example.com", *tls, *verified),
        *("--from", "a@example.com", "--to", "b@example.com", "--data", "-", *login, *options),
        stdin=MESSAGE,
    )


def curl(mock, mechanism, password="s3cret", *options):
    scheme = "smtps" if mock.settings.tls == "implicit" else "smtp"
    tls = ("--ssl-reqd", "--cacert", str(mock.ca_certificate)) if mock.settings.tls else ()
    secret = ("--oauth2-bearer", password, "--user", "bob:") if "AUTH" in mechanism else ("--user", f"bob:{password}")
    login = ("--login-options", f"AUTH={mechanism}", *secret) if mechanism else ()
    return run(
        *("curl", "-sS", f"{scheme}://localhost:{mock.port}/client.example.com", "--mail-from", "a@example.com"),
        *("--mail-rcpt", "b@example.com", "--upload-file", "-", *tls, *login, *options),
        stdin=MESSAGE,
    )


def msmtp(mock, mechanism, password="s3cret", *options):
    starttls = "--tls-starttls=" + ("on" if mock.settings.tls == "starttls" else "off")
    tls = ("--tls=on", starttls, f"--tls-trust-file={mock.ca_certificate}") if mock.settings.tls else ()
    login = (f"--auth={mechanism.lower()}", "--user=bob", f"--passwordeval=echo {password}") if mechanism else ()
    return run(
        *("msmtp", "--file=/dev/null", "--host=localhost", f"--port={mock.port}", "--domain=client.example.com"),
        *("--from=a@example.com", *tls, *login, *options, "--", "b@example.com"),
        stdin=MESSAGE.replace(b"\r\n", b"\n"),
    )


def nodemailer(mock, mechanism, password="s3cret"):
    if not (MODULES / "nodemailer").is_dir():
        pytest.skip(f"Nodemailer is not installed: npm install --no-package-lock --prefix {MODULES.parent}")
    options = {
        "host": "localhost",
        "port": mock.port,
        "secure": mock.settings.tls == "implicit",
        "requireTLS": mock.settings.tls == "starttls",
        "name": "client.example.com",
    }
    if mock.settings.tls:
        options["tls"] = {"ca": mock.ca_certificate.read_text()}
    if mechanism == "XOAUTH2":
        options["auth"] = {"type": "OAuth2", "user": "bob", "accessToken": password}
    elif mechanism:
        options["auth"] = {"user": "bob", "pass": password}
        options["authMethod"] = mechanism
    mail = {"envelope": {"from": "a@example.com", "to": "b@example.com"}, "raw": MESSAGE.decode()}
    return run("node", str(Path(__file__).parent / "send.mjs"), json.dumps(options), json.dumps(mail))


# swaks ends what it sends with a line end of its own.
CLIENTS = [(swaks, MESSAGE + b"\r\n"), (curl, MESSAGE), (msmtp, MESSAGE), (nodemailer, MESSAGE)]
LOGINS = [
    *((swaks, mechanism) for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5")),
    *((curl, mechanism) for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER")),
    *((msmtp, mechanism) for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER")),
    *((nodemailer, mechanism) for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2")),
]


@pytest.mark.parametrize("mode", ["starttls", "implicit"])
@pytest.mark.parametrize(("deliver", "sent"), CLIENTS)
def test_a_mail_over_TLS(deliver, sent, mode):  # noqa: N802
    with SMTPMock(extensions="all", **MODES[mode]) as mock:
        program = deliver(mock, "")

        assert (program.returncode, program.stderr) == (0, b"")
        message = mock.wait_for_message(SECONDS)
        assert (message.raw, message.sender, message.recipients) == (sent, "a@example.com", ("b@example.com",))
        assert message.tls is not None
        assert message.tls.server_name in ("localhost", "")  # swaks does not say it
        assert mock.errors == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("deliver", "mechanism"), LOGINS)
def test_a_login(deliver, mechanism, mode):
    with SMTPMock(auth=BOB, auth_mechanisms=[mechanism], require_auth=True, **MODES[mode]) as mock:
        program = deliver(mock, mechanism)

        assert (program.returncode, program.stderr) == (0, b"")
        message = mock.wait_for_message(SECONDS)
        [session] = mock.sessions()
        assert (message.user, session.attempts) == ("bob", ((mechanism, "bob", True),))
        assert mock.errors == []


@pytest.mark.parametrize(("deliver", "mechanism"), LOGINS)
def test_a_login_with_a_wrong_password(deliver, mechanism):
    with SMTPMock(auth=BOB, auth_mechanisms=[mechanism], require_auth=True) as mock:
        program = deliver(mock, mechanism, "wrong")

        assert program.returncode != 0
        session = mock.wait_for_session(SECONDS)
        assert set(session.attempts) == {(mechanism, "bob", False)}
        assert (session.user, mock.messages(accepted=True), mock.errors) == ("", [], [])


# Not every swaks looks at the name in the certificate.
@pytest.mark.parametrize(
    ("deliver", "fault"),
    [
        (deliver, fault)
        for deliver in (swaks, curl, msmtp, nodemailer)
        for fault in ("expired", "wrong-host", "unknown-authority", "refuse", "cut", "reject", "hide")
        if (deliver, fault) != (swaks, "wrong-host")
    ],
)
def test_a_client_that_needs_TLS_sends_nothing_where_it_is_broken(deliver, fault):  # noqa: N802
    with SMTPMock(tls="starttls", tls_fault=fault) as mock:
        program = deliver(mock, "")

        assert program.returncode != 0
        mock.wait_for_session(SECONDS)
        assert (mock.messages(accepted=True), mock.errors) == ([], [])
