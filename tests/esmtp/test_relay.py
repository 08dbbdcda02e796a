"""Exim relays through the mock: STARTTLS, then BDAT, pipelined, with an address of another script.

It runs where it is asked for: SMTPMOCK_RELAY=exim4 (the name or the path of the program, as in exim4-daemon-light of
Debian). Exim delivers what it is given in the foreground, out of a queue of its own; no daemon is started.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from smtpmock import SMTPMock
from tests.raw_client import SECONDS

EXIM = os.environ.get("SMTPMOCK_RELAY", "")
BODY = "".join(f"line {number}\r\n" for number in range(20_000))
MAIL = f"From: a@example.com\r\nTo: b@example.com\r\nSubject: relayed\r\n\r\n.dot\r\n{BODY}"

pytestmark = pytest.mark.skipif(not EXIM, reason="SMTPMOCK_RELAY does not name an Exim")

CONFIGURATION = """
primary_hostname = relay.example.com
spool_directory = {folder}/spool
log_file_path = {folder}/log-%s
exim_user = {user}
exim_group = {group}
never_users =
deliver_drop_privilege = true
host_lookup =
keep_environment =
begin routers
mock:
  driver = manualroute
  domains = *
  transport = mock
  route_data = localhost
  host_find_failed = defer
  self = send
begin transports
mock:
  driver = smtp
  port = {port}
  allow_localhost = true
  hosts_require_tls = *
  tls_verify_certificates = {folder}/ca.pem
  tls_verify_hosts = *
  tls_verify_cert_hostnames = *
"""


@pytest.fixture
def relay():
    """Has Exim deliver a mail to a recipient; returns what it logged. It delivers nothing as root."""
    program = shutil.which(EXIM)
    assert program, f"there is no {EXIM}"
    user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    account = pwd.getpwnam(user)

    def deliver(mock, sender="a@example.com", recipient="b@example.com"):
        shutil.copy(mock.ca_certificate, folder / "ca.pem")
        group = grp.getgrgid(account.pw_gid).gr_name
        text = CONFIGURATION.format(folder=folder, port=mock.port, user=user, group=group)
        (folder / "exim.conf").write_text(text, encoding="utf-8")
        for path in (folder, *folder.iterdir()):
            path.chmod(0o755)
        if os.getuid() == 0:
            os.chown(folder, account.pw_uid, account.pw_gid)
        subprocess.run(
            [program, "-C", str(folder / "exim.conf"), "-odf", "-oi", "-f", sender, recipient],
            input=MAIL.replace("\r\n", "\n").encode(),
            timeout=SECONDS,
            check=True,
            **({"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}),
        )
        return "".join(log.read_text(encoding="utf-8") for log in sorted(folder.glob("log-*")))

    with TemporaryDirectory() as name:
        folder = Path(name)
        yield deliver


def test_a_mail_in_chunks_over_TLS(relay):  # noqa: N802
    with SMTPMock(tls="starttls", require_tls=True, extensions="all", multiple_rcptto=True) as mock:
        log = relay(mock)

        message = mock.message()
        session = mock.wait_for_session(SECONDS)
    assert message.tls is not None
    assert (message.tls.version, message.data_request.split()[0]) == ("TLSv1.3", "BDAT")
    assert message.raw.endswith(MAIL.partition("\r\n\r\n")[2].encode())
    assert (message.sender, message.recipients) == ("a@example.com", ("b@example.com",))
    assert "SIZE" in message.parameters
    assert " => b@example.com " in log
    assert [violation.code for violation in session.violations] == []
    assert mock.errors == []


def test_a_mail_between_addresses_of_another_script(relay):
    with SMTPMock(tls="starttls", extensions="all") as mock:
        relay(mock, "jürgen@example.com", "bjørn@example.com")

        message = mock.message()
    assert (message.sender, message.recipients) == ("jürgen@example.com", ("bjørn@example.com",))
    assert "SMTPUTF8" in message.parameters


def test_a_mail_by_DATA_where_there_are_no_chunks(relay):  # noqa: N802
    with SMTPMock(tls="starttls", extensions=["PIPELINING", "SIZE"]) as mock:
        relay(mock)

        message = mock.message()
    assert message.data_request == "DATA"
    assert message.raw.endswith(MAIL.partition("\r\n\r\n")[2].encode())


@pytest.mark.parametrize("fault", ["expired", "unknown-authority", "wrong-host", "refuse", "cut", "reject", "hide"])
def test_nothing_is_delivered_where_TLS_is_broken(relay, fault):  # noqa: N802
    with SMTPMock(tls="starttls", extensions="all", tls_fault=fault) as mock:
        log = relay(mock)

        assert mock.messages(accepted=True) == []
    assert " => " not in log
    assert " == b@example.com " in log


def test_a_chunk_that_is_refused_for_good_comes_back(relay):
    with SMTPMock(tls="starttls", extensions="all") as mock:
        mock.on("message", reply="554 5.7.1 No")
        log = relay(mock)

        assert mock.messages(accepted=True) == []
    assert " ** b@example.com " in log
    assert "554 5.7.1 No" in log
