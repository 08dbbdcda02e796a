"""Profiles: what each one does to a client, how they are loaded, and how they go together with settings and rules."""

from __future__ import annotations

import re
from pathlib import Path
from smtplib import SMTP, SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused

import pytest

from smtpmock import SETTINGS, RuleError, SettingError, Settings, SMTPMock, cli, load_profile, profile_names, serve
from smtpmock.__main__ import main

MAIL = "From: a@example.com\r\nDate: Sun, 22 Nov 2026 00:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\nHello"


def send(mock, text=MAIL):
    """Send a mail as a careful client does: over TLS and with a login where they are offered."""
    with SMTP(mock.host, mock.port, timeout=10) as client:
        if mock.settings.tls:
            client.starttls(context=mock.client_context())
        if mock.settings.auth:
            client.login("shop", "secret")
        return client.sendmail("a@example.com", ["b@example.com"], text)


@pytest.mark.parametrize("name", profile_names())
def test_profile_has_sources_with_dates_and_can_be_loaded(name):
    profile = load_profile(name)

    assert profile.title
    assert profile.path.name == f"{name}.toml"
    assert profile.sources
    for source in profile.sources:
        assert source.url.startswith("https://")
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", source.date)
        assert source.says
    mock = SMTPMock(profile=name)
    assert len(mock.rules) == len(profile.rules)
    assert {rule.profile for rule in mock.rules} <= {name}
    assert {word: getattr(mock.settings, word) for word in profile.settings if word != "extensions"} == {
        word: value for word, value in profile.settings.items() if word != "extensions"
    }


def test_there_are_eight_profiles_and_more():
    assert len(profile_names()) >= 8


def test_page_has_a_row_for_each_profile():
    page = Path(__file__).parent.parent / "docs" / "profiles.md"
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]

    assert [row.split("`")[1] for row in rows] == profile_names()
    for row in rows:
        profile = load_profile(row.split("`")[1])
        assert profile.title in row
        assert all(f"({source.url}), {source.date}" in row for source in profile.sources)


# What they do.


def test_submission_counts_connections_after_the_login_and_delays_beyond_the_rate():
    with SMTPMock(profile="microsoft-365-submission") as mock:
        clients = [SMTP(mock.host, mock.port, timeout=10) for _ in range(4)]
        for client in clients:
            client.starttls(context=mock.client_context())
            client.ehlo()
        for client in clients:
            client.user, client.password = "shop", "secret"
        for client in clients[:3]:
            assert client.auth("PLAIN", client.auth_plain)[0] == 235
        with pytest.raises(SMTPException, match=r"432, b['\"]4\.3\.2"):
            clients[3].auth("PLAIN", clients[3].auth_plain)
        for number in range(30):
            assert clients[number % 3].mail("a@example.com")[0] == 250
            clients[number % 3].rset()
        [limit] = [rule for rule in mock.rules if rule.stage == "MAIL FROM"]
        assert limit.hits == 0
        mock.clock.advance(60)
        assert clients[0].mail("a@example.com")[0] == 250
        for client in clients:
            client.close()
    assert limit.delay == 2


def test_sending_service_refuses_beyond_the_rate():
    with SMTPMock(profile="amazon-ses") as mock:
        send(mock)
        with pytest.raises(SMTPDataError, match="454, b'Throttling failure: Maximum sending rate"):
            send(mock)
        mock.clock.advance(1)
        send(mock)


def test_greylisting_relay():
    with SMTPMock(profile="greylisting-relay") as mock:
        with pytest.raises(SMTPRecipientsRefused, match="450"):
            send(mock)
        mock.clock.advance(300)
        send(mock)


def test_slow_relay():
    mock = SMTPMock(profile="slow-relay")

    assert {rule.stage: rule.delay for rule in mock.rules} == {"*": 0.5, "connect": 2, "message": 3}


def test_server_that_closes_idle_connections():
    with SMTPMock(profile="closes-idle", session_timeout=0.1) as mock, SMTP(mock.host, mock.port) as client:
        assert client.file.readline().startswith(b"421 ")
    assert SMTPMock(profile="closes-idle").settings.session_timeout == 10


@pytest.mark.parametrize("missing", ["From", "Date", "Message-ID"])
def test_strict_server_refuses_a_mail_without_a_header(missing):
    with SMTPMock(profile="strict-server") as mock:
        send(mock)
        with pytest.raises(SMTPDataError, match=r"550, b['\"]5\.7\.1"):
            send(mock, "".join(line for line in MAIL.splitlines(keepends=True) if not line.startswith(missing)))


def test_strict_server_refuses_what_is_too_big():
    refused = pytest.raises((SMTPSenderRefused, SMTPDataError), match=r"552, b['\"]5\.3\.4")
    with SMTPMock(profile="strict-server", msg_size_limit=1000) as mock, refused:
        send(mock, MAIL + "x" * 2000)


def test_full_mailbox():
    with SMTPMock(profile="full-mailbox") as mock, pytest.raises(SMTPRecipientsRefused, match=r"452, b['\"]4\.2\.2"):
        send(mock)


def test_broken_tls():
    with SMTPMock(profile="broken-tls") as mock, pytest.raises(OSError, match="certificate has expired"):
        send(mock)


def test_outage_begins_in_the_middle():
    with SMTPMock(profile="outage") as mock:
        for _ in range(10):
            send(mock)
        for _ in range(2):
            with pytest.raises(SMTPSenderRefused, match=r"421, b['\"]4\.3\.2"):
                send(mock)


# Files.


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "own.toml"
        path.write_text(text)
        return str(path)

    return write


def test_file_is_a_profile(write):
    path = write('[settings]\nmsg_greeting = "220 Mine"\n[[rule]]\nstage = "NOOP"\nreply = "450 Not now"\n')

    with SMTPMock(profile=path) as mock, SMTP() as client:
        assert client.connect(mock.host, mock.port) == (220, b"Mine")
        assert client.noop() == (450, b"Not now")


def test_copy_of_a_profile_is_the_same_profile(write):
    copied = write(load_profile("strict-server").path.read_text())

    assert SMTPMock(profile=copied).settings.msg_size_limit == SMTPMock(profile="strict-server").settings.msg_size_limit


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[sttings]\n", "Invalid profile 'OWN': Unknown part 'sttings': did you mean 'settings'?"),
        ("[settings]\nprot = 1\n", "Invalid profile 'OWN': Unknown setting 'prot': did you mean 'port'?"),
        ("[settings]\nport = 'x'\n", "Invalid port 'x': expected an integer from 0 to 65535"),
        ("[settings]\nprofile = 'x'\n", "Invalid profile 'OWN': expected a table of settings, without a profile"),
        ("settings = 1\n", "Invalid profile 'OWN': expected a table of settings, without a profile"),
        ("rule = 1\n", "Invalid profile 'OWN': expected [[rule]] tables"),
        ("[[source]]\nurl = 'x'\n", "Invalid profile 'OWN': expected [[source]] tables with url, date and says"),
        ("[[rule]]\nstage = 'NOPE'\n", "OWN, rule 1: Unknown stage 'NOPE': did you mean 'NOOP'?"),
        ("settings", "The file OWN cannot be read: "),
    ],
)
def test_invalid_file_is_refused_with_a_sentence(text, why, write):
    path = write(text)

    with pytest.raises((SettingError, RuleError)) as refusal:
        SMTPMock(profile=path)
    assert str(refusal.value).replace(path, "OWN").startswith(why)


def test_unknown_profile_is_refused():
    with pytest.raises(SettingError, match="Unknown profile 'greylistin-relay': did you mean 'greylisting-relay'"):
        SMTPMock(profile="greylistin-relay")
    with pytest.raises(SettingError, match=r"The file none\.toml cannot be read: No such file"):
        Settings(profile="./none.toml")
    with pytest.raises(SettingError, match="Invalid profile 7: expected the name of a profile"):
        Settings(profile=7)


# With settings and rules.


def test_settings_that_are_given_take_precedence_over_the_profile():
    assert Settings(profile="closes-idle", session_timeout=3).session_timeout == 3
    assert Settings(profile="broken-tls", tls_fault="").tls_fault == ""


def test_settings_that_equal_the_default_take_precedence_in_a_server_as_well():
    settings = Settings(profile="closes-idle", session_timeout=SETTINGS["session_timeout"].default)

    assert SMTPMock(settings).settings.session_timeout == 30
    assert SMTPMock(settings, port=0).settings == settings


def test_rules_that_are_added_are_newer_than_those_of_the_profile():
    with SMTPMock(profile="full-mailbox") as mock:
        mock.on("RCPT TO", then="accept")
        assert send(mock) == {}


def test_clearing_the_rules_begins_the_profile_anew():
    with SMTPMock(profile="outage") as mock:
        for _ in range(10):
            send(mock)
        mock.on("NOOP", reply="450 no")
        mock.clear_rules()
        assert [rule.profile for rule in mock.rules] == ["outage"]
        send(mock)


def test_rule_of_a_profile_need_not_be_used():
    with SMTPMock(profile="outage", strict=True) as mock:
        send(mock)
        mock.assert_rules_used()
        assert [rule.hits for rule in mock.rules] == [0]


# Commands.


def test_profile_is_a_flag_whose_settings_precede_the_defaults_of_the_command():
    served = serve.parse(["--profile", "amazon-ses"], {}).settings

    assert served.extensions == Settings(profile="amazon-ses").extensions
    assert served.port == SETTINGS["port"].serve_default
    assert serve.parse(["--profile", "amazon-ses", "--extensions", "SIZE"], {}).settings.extensions == ("SIZE",)
    assert cli.parse(["-profile=outage"], {}).settings.profile == "outage"
    assert cli.parse([], {"SMTPMOCK_PROFILE": "closes-idle"}).settings.session_timeout == 10


@pytest.mark.parametrize("command", [[], ["serve"], ["matrix"]])
def test_unknown_profile_is_a_mistake_on_the_command_line(command, capsys):
    assert main([*command, "--profile", "outag", *(["--", "true"] if command == ["matrix"] else [])]) == 2
    assert capsys.readouterr().err == "smtpmock: Unknown profile 'outag': did you mean 'outage'?\n"
