"""The command `smtpmock serve`, as a shell sees it."""

from __future__ import annotations

import json
import re
import signal
import socket
from contextlib import contextmanager
from smtplib import SMTP
from typing import TYPE_CHECKING, NamedTuple

import pytest
import urllib3

from smtpmock import SETTINGS, SettingError, Settings, serve
from smtpmock.__main__ import guessed_service_addresses
from tests.clients.command import run, spawned, stop
from tests.raw_client import SECONDS, Client

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

ANY = ("--smtp-port=0", "--http-port=0")
SERVED = {name: declared.serve_default for name, declared in SETTINGS.items() if declared.in_serve}


class Started(NamedTuple):
    """A service that runs."""

    process: subprocess.Popen[str]
    smtp_port: int
    url: str


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[Started]:
    with spawned("serve", *arguments, **environment) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        smtp = re.fullmatch(r"SMTP: smtps?://127\.0\.0\.1:(\d+)\n", lines[0])
        inbox = re.fullmatch(r"Inbox: (https?://127\.0\.0\.1:\d+)\n", lines[1])
        assert smtp, (lines, process.stderr and process.stderr.read())
        assert inbox, lines
        yield Started(process, int(smtp[1]), inbox[1])


def get(url: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, retries=False, timeout=SECONDS)


def test_mail_that_is_sent_to_it_is_there_over_http():
    with started(*ANY) as service:
        with SMTP("127.0.0.1", service.smtp_port, timeout=SECONDS) as client:
            client.login("anybody", "any password")
            client.sendmail("a@example.com", ["b@example.com", "c@example.com"], "Subject: hi")
            assert {"size", "8bitmime", "pipelining", "smtputf8", "enhancedstatuscodes", "dsn", "chunking"} <= set(
                client.esmtp_features
            )
            assert "starttls" not in client.esmtp_features
        assert get(f"{service.url}/api/smtpmock/v1/server").json()["counters"]["messages"] == 1
        assert stop(service.process) == (0, "", "")


def test_demo_has_mail_that_arrived_was_greylisted_and_was_refused():
    with started(*ANY, "--demo") as service:
        api = f"{service.url}/api/smtpmock/v1"
        accepted = get(f"{api}/messages").json()["messages"]
        failed = get(f"{api}/messages?accepted=false&include=exchanges").json()["messages"]
        causes = [found["cause"]["rule"] for one in failed for found in one["exchanges"] if not found["accepted"]]

        assert len(accepted) >= 10
        assert any("greylist" in cause for cause in causes)
        assert any("*@gone.example" in cause for cause in causes)
        assert {message["subject"] for message in accepted} >= {"", "Your parcel is on its way", "493021 is your code"}
        assert get(f"{api}/sessions").json()["total"] > len(accepted)
        assert get(f"{api}/violations?level=must").json()["total"] > 0
        assert stop(service.process) == (0, "", "")


def test_defaults_are_those_of_the_declarations():
    settings = serve.parse([], {}).settings

    assert settings == Settings(**SERVED)
    assert (settings.port, settings.http_port) == (1025, 8025)
    assert (settings.max_messages, settings.max_bytes) == (10_000, 2**30)
    assert settings.multiple_rcptto
    assert settings.multiple_message_receiving
    assert settings.auth == "any"
    assert settings.tls == ""


@pytest.mark.parametrize("name", SERVED)
def test_every_setting_has_a_flag_and_a_variable(name):
    samples = {"PORT": "7", "HOST": "h", "BYTES": "7", "COUNT": "7", "SECONDS": "7", "A,B,…": "a,b", "TEXT": "299 x"}
    declared = SETTINGS[name].type
    usual = {
        "auth": "a:b",
        "http_auth": "a:b",
        "extensions": "SIZE",
        "auth_mechanisms": "PLAIN",
        "public_smtp": "h:1",
        "profile": "outage",
        "store": "memory:",
    }
    sample = usual.get(name, samples.get(declared.metavar, declared.metavar.split("|")[0] or "on"))
    required = {"require_auth": [], "require_tls": ["--tls=starttls"]}.get(name, [])
    flag = f"--{name.replace('_', '-')}"

    by_flag = serve.parse([f"{flag}={sample}", *required], {}).settings
    by_variable = serve.parse(required, {f"SMTPMOCK_{name.upper()}": sample}).settings

    assert by_flag == by_variable
    assert getattr(by_flag, name) == declared.check(declared.parse(sample))


def test_flag_overrides_its_variable():
    assert serve.parse(["--smtp-port=1", "--http-port", "2"], {"SMTPMOCK_PORT": "x", "SMTPMOCK_HTTP_PORT": "x"})


@pytest.mark.parametrize("variable", ["SMTPMOCK_PORT", "SMTPMOCK_HTTP_PORT"])
def test_address_of_a_linked_service_is_not_a_port(variable):
    settings = serve.parse([], {variable: "tcp://10.0.0.1:1025"}).settings

    assert (settings.port, settings.http_port) == (1025, 8025)
    assert guessed_service_addresses(["serve"], {variable: "tcp://10.0.0.1:1025"}) == [
        ("127.0.0.1", 1025),
        ("127.0.0.1", 8025),
    ]


@pytest.mark.parametrize(
    ("arguments", "addresses"),
    [
        (["--smtp-port=1", "--http-port=2"], [("127.0.0.1", 1), ("127.0.0.1", 2)]),
        (["--port", "1", "--host", "::1"], [("::1", 1), ("::1", 8025)]),
        (["--http-host=::1"], [("127.0.0.1", 1025), ("::1", 8025)]),
    ],
)
def test_addresses_are_opened_before_anything_is_loaded(arguments, addresses):
    settings = serve.parse(arguments, {}).settings

    assert guessed_service_addresses(["serve", *arguments], {}) == addresses
    assert [(settings.host, settings.port), (settings.http_host or settings.host, settings.http_port)] == addresses


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("-port=2525", "Unknown flag '-port': use --smtp-port"),
        ("--sessionTimeout=60", "Unknown flag '--sessionTimeout': use --session-timeout"),
        ("-multipleRcptto", "Unknown flag '-multipleRcptto': use --multiple-rcptto"),
        ("-log", "Unknown flag '-log': use --log-to-stdout and --log-server-activity"),
        ("--http-prot=1", "Unknown flag '--http-prot': did you mean '--http-port'?"),
        ("--sesion-timeout=1", "Unknown flag '--sesion-timeout': did you mean '--session-timeout'?"),
        ("x", "Unexpected argument 'x': settings are flags, such as --smtp-port=2525"),
        ("--http-port=smtp", "Invalid http_port 'smtp': expected an integer from 0 to 65535, or None"),
        ("--http-auth=bob", "Invalid http_auth (not shown): expected a user and a password, as user:password"),
    ],
)
def test_mistake_is_named_with_what_is_meant(argument, sentence):
    with pytest.raises(SettingError) as caught:
        serve.parse([argument], {})

    assert str(caught.value) == sentence


def test_mistake_prints_one_line_and_ends_with_status_2():
    assert run("serve", "-port=1") == (2, "", "smtpmock: Unknown flag '-port': use --smtp-port\n")


def test_taken_port_prints_one_line_and_ends_with_status_1():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for flags in ([f"--smtp-port={port}", "--http-port=0"], ["--smtp-port=0", f"--http-port={port}"]):
            status, output, errors = run("serve", *flags)
            assert (status, output) == (1, "")
            assert errors.startswith(f"smtpmock: Failed to start SMTP mock server on port: {port} (")
            assert errors.count("\n") == 1


def test_certificate_that_cannot_be_read_is_told_once():
    status, output, errors = run("serve", *ANY, "--http-tls", "--certfile=none.pem")

    assert (status, output) == (2, "")
    assert re.fullmatch(r"smtpmock: Invalid certfile 'none\.pem': .*\n", errors)


def test_help_shows_each_flag_once_and_no_other_form():
    status, output, errors = run("serve", "--help")

    assert (status, errors) == (0, "")
    for name, default in SERVED.items():
        assert (
            len(re.findall(rf"^  (?:--smtp-port, )?--{name.replace('_', '-')}(?![-\w])", output, re.MULTILINE)) == 1
        ), name
        assert default != 10_000 or "(default: 10000)" in output
    assert not re.search(r"(?<![-\w])-[a-z]\w+", output)


def test_version_is_that_of_the_plain_command():
    assert run("serve", "--version") == run("-v")


@pytest.mark.needs("signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_it_with_status_0(how):
    with started(*ANY) as service:
        assert stop(service.process, how) == (0, "", "")


@pytest.mark.needs("signals")
@pytest.mark.parametrize(("how", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_second_signal_ends_it_at_once(how, status, free_port):
    ports = (f"--smtp-port={free_port}", "--http-port=0")
    with started(*ports, "--shutdown-timeout=60") as service, Client(service.smtp_port) as busy:
        busy.begin_message()
        service.process.send_signal(how)
        wait_until_nobody_listens(service.smtp_port)
        assert stop(service.process, how)[0] == status


def wait_until_nobody_listens(port: int) -> None:
    """Wait for what the first signal brings about."""
    while True:
        try:
            Client(port, greeting=None).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:
            pass  # it was about to


def test_rules_are_those_of_the_plain_command(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text('[[rule]]\nstage = "NOOP"\nreply = "250 from a file"\n', encoding="utf-8")
    with (
        started(*ANY, "--rules", str(file), "--rule", "RSET reply='250 from a flag'") as service,
        Client(service.smtp_port) as client,
    ):
        assert client.ask("NOOP", "RSET") == ["250 from a file", "250 from a flag"]


def test_secret_is_in_no_answer():
    with started(*ANY, "--auth=bob:hidden-1") as service:
        shown = json.dumps(get(f"{service.url}/api/smtpmock/v1/server").json())
    assert "hidden" not in shown
