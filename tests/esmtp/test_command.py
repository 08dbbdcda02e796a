"""TLS and AUTH from the command line."""

from __future__ import annotations

import re
import select
import smtplib
import ssl
from pathlib import Path

from tests.clients.command import port_of, run, spawned, stop
from tests.raw_client import SECONDS


def begun(*arguments, **environment):
    return spawned("--host", "127.0.0.1", *arguments, **environment)


def authority_and_port_of(process):
    """Return the first two lines of the command."""
    assert select.select([process.stdout], [], [], SECONDS)[0], "it says nothing"
    said = process.stdout.readline() + process.stdout.readline()
    match = re.fullmatch(r"Certificate authority: (.+)\nSMTP mock server started on port: (\d+)\n", said)
    assert match, said
    return Path(match[1]), int(match[2])


def test_the_path_of_the_authority_is_printed_and_gone_at_the_end():
    with begun("--tls", "implicit", "--auth", "bob:s3cret", "--require-auth") as process:
        authority, port = authority_and_port_of(process)
        context = ssl.create_default_context(cafile=authority)
        with smtplib.SMTP_SSL("localhost", port, timeout=SECONDS, context=context) as client:
            client.login("bob", "s3cret")
            client.sendmail("a@example.com", ["b@example.com"], "Subject: hi\r\n\r\nhello")
        status, output, errors = stop(process)

    assert (status, output, errors) == (0, "", "")
    assert not authority.exists()


def test_settings_come_from_the_environment():
    with begun(SMTPMOCK_TLS="starttls", SMTPMOCK_EXTENSIONS="size,dsn", SMTPMOCK_AUTH="any") as process:
        authority, port = authority_and_port_of(process)
        with smtplib.SMTP("localhost", port, timeout=SECONDS) as client:
            client.ehlo()
            assert client.esmtp_features == {"size": "10485760", "dsn": "", "starttls": ""}
            client.starttls(context=ssl.create_default_context(cafile=authority))
            client.login("eve", "whatever")
        assert stop(process)[0] == 0


def test_the_log_holds_no_credentials():
    with begun("-log", "--auth", "bob:s3cret") as process:
        with smtplib.SMTP("localhost", port_of(process), timeout=SECONDS) as client:
            client.login("bob", "s3cret")
        status, output, errors = stop(process)

    assert (status, errors) == (0, "")
    assert "SMTP response: 235 Authentication succeeded" in output
    assert "SMTP request: AUTH CRAM-MD5" in output
    assert "s3cret" not in output


def test_accounts_that_are_none_are_refused_without_being_shown():
    status, output, errors = run("--auth", "s3cret")

    assert (status, output) == (2, "")
    assert errors.startswith("smtpmock: Invalid auth (not shown): expected ")
    assert "s3cret" not in errors


def test_a_certificate_that_is_missing_is_refused():
    status, output, errors = run("--tls", "implicit", "--certfile", "missing.pem")

    assert (status, output) == (2, "")
    assert errors.startswith("smtpmock: Invalid certfile 'missing.pem': ")


def test_a_fault_by_rule():
    with begun("--tls", "starttls", "--rule", "STARTTLS tls=expired times=1") as process:
        authority, port = authority_and_port_of(process)
        context = ssl.create_default_context(cafile=authority)
        seen = []
        for _ in range(2):
            with smtplib.SMTP("localhost", port, timeout=SECONDS) as client:
                try:
                    seen.append(client.starttls(context=context)[0])
                except ssl.SSLCertVerificationError as error:
                    seen.append(error.verify_message)
        assert stop(process)[0] == 0

    assert seen == ["certificate has expired", 220]
