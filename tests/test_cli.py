"""The arguments and the environment of the command: settings, what is only shown, and mistakes."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from typing import Any

import pytest

from smtpmock import SettingError, __version__, cli
from smtpmock.settings import declarations as settings
from tests import parity
from tests.clients.command import port_of, run, spawned
from tests.raw_client import Client

GO_SMTP_MOCK_FLAGS = re.findall(
    r"\w+",
    """
    host port sessionTimeout shutdownTimeout failFast multipleRcptto multipleMessageReceiving
    blacklistedHeloDomains blacklistedMailfromEmails blacklistedRcpttoEmails notRegisteredEmails
    responseDelayHelo responseDelayMailfrom responseDelayRcptto responseDelayData
    responseDelayMessage responseDelayRset responseDelayNoop responseDelayQuit
    msgSizeLimit msgGreeting msgInvalidCmd msgInvalidCmdHeloSequence msgInvalidCmdHeloArg msgHeloBlacklistedDomain
    msgHeloReceived msgInvalidCmdMailfromSequence msgInvalidCmdMailfromArg msgMailfromBlacklistedEmail
    msgMailfromReceived msgInvalidCmdRcpttoSequence msgInvalidCmdRcpttoArg msgRcpttoNotRegisteredEmail
    msgRcpttoBlacklistedEmail msgRcpttoReceived msgInvalidCmdDataSequence msgDataReceived msgMsgSizeIsTooBig
    msgMsgReceived msgInvalidCmdRsetSequence msgInvalidCmdRsetArg msgRsetReceived msgNoopReceived msgQuitCmd
    """,
)

CONVERSATION = [
    ("XYZZY", "msgInvalidCmd"),
    ("RSET", "msgInvalidCmdRsetSequence"),
    ("MAIL FROM:<a@example.com>", "msgInvalidCmdMailfromSequence"),
    ("HELO", "msgInvalidCmdHeloArg"),
    ("HELO bad.example.com", "msgHeloBlacklistedDomain"),
    ("HELO client.example.com", "msgHeloReceived"),
    ("RCPT TO:<b@example.com>", "msgInvalidCmdRcpttoSequence"),
    ("MAIL FROM:<a>", "msgInvalidCmdMailfromArg"),
    ("MAIL FROM:<bad@example.com>", "msgMailfromBlacklistedEmail"),
    ("MAIL FROM:<a@example.com>", "msgMailfromReceived"),
    ("DATA", "msgInvalidCmdDataSequence"),
    ("RCPT TO:<b>", "msgInvalidCmdRcpttoArg"),
    ("RCPT TO:<bad@example.com>", "msgRcpttoBlacklistedEmail"),
    ("RCPT TO:<nobody@example.com>", "msgRcpttoNotRegisteredEmail"),
    ("RCPT TO:<b@example.com>", "msgRcpttoReceived"),
    ("DATA", "msgDataReceived"),
    ("more than is allowed\r\n.", "msgMsgSizeIsTooBig"),
    ("DATA", "msgDataReceived"),
    ("less\r\n.", "msgMsgReceived"),
    ("RSET x", "msgInvalidCmdRsetArg"),
    ("RSET", "msgRsetReceived"),
    ("NOOP", "msgNoopReceived"),
    ("QUIT", "msgQuitCmd"),
]
"""A conversation that meets every reply that a flag can change, but one that the server never gives."""


def sample(flag: str) -> tuple[str, object]:
    """A value for a flag, as text and as what becomes of it; not the default."""
    if flag.startswith("msg") and flag != "msgSizeLimit":
        return f"299 The text of -{flag}, 100%", f"299 The text of -{flag}, 100%"
    if flag.startswith(("blacklisted", "notRegistered")):
        return "one.example, two@example.com", ("one.example", "two@example.com")
    if flag.startswith("responseDelay") or flag.endswith("Timeout"):
        return "1.5", 1.5
    return {"host": ("[::1]", "[::1]"), "port": ("2525", 2525), "msgSizeLimit": ("42", 42)}.get(flag, ("true", True))


def settings_of(**values: Any) -> settings.Settings:
    """The settings of the command: go-smtp-mock's defaults, and the values on top."""
    return settings.Settings(**{**parity.DEFAULTS, **values})


def go_name(flag: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", flag)


def usual(flag: str) -> str:
    return f"--{go_name(flag).replace('_', '-')}"


FORMS = {
    "-flag=value": lambda flag, value: [f"-{flag}={value}"],
    "-flag value": lambda flag, value: [f"-{flag}", value],
    "--flag=value": lambda flag, value: [f"--{flag}={value}"],
    "--flag value": lambda flag, value: [f"--{flag}", value],
    "--usual-flag=value": lambda flag, value: [f"{usual(flag)}={value}"],
    "--usual-flag value": lambda flag, value: [usual(flag), value],
}


def greeting(process):
    with Client(port_of(process), greeting=None) as client:
        return client.read_reply()


# Flags.


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("flag", GO_SMTP_MOCK_FLAGS)
def test_flag_sets_its_setting(flag, form):
    text, value = sample(flag)

    options = cli.parse(FORMS[form](flag, text), {})

    assert options.settings == settings_of(**{go_name(flag): value})
    assert options.settings != settings_of()


@pytest.mark.parametrize("form", FORMS)
def test_flags_decide_what_the_command_answers(form):
    flags = {flag: sample(flag)[0] for flag in GO_SMTP_MOCK_FLAGS if flag.startswith("msg")} | {
        "host": "127.0.0.2",
        "blacklistedHeloDomains": "bad.example.com,worse.example.com",
        "blacklistedMailfromEmails": "worse@example.com,bad@example.com",
        "blacklistedRcpttoEmails": "bad@example.com",
        "notRegisteredEmails": "nobody@example.com",
        "msgSizeLimit": "10",
    }
    arguments = [argument for flag, value in flags.items() for argument in FORMS[form](flag, value)]

    with spawned(*arguments) as process, Client(port_of(process), "127.0.0.2", greeting=None) as client:
        replies = [client.read_reply(), *client.ask(*(line for line, _ in CONVERSATION)), client.read()]

    assert replies == [flags["msgGreeting"], *(flags[flag] for _, flag in CONVERSATION), ""]


def test_the_conversation_meets_every_reply():
    met = {flag for _, flag in CONVERSATION} | {"msgGreeting", "msgSizeLimit", "msgInvalidCmdHeloSequence"}

    assert met == {flag for flag in GO_SMTP_MOCK_FLAGS if flag.startswith("msg")}


@pytest.mark.parametrize(
    ("arguments", "on"),
    [
        (["-failFast"], True),
        (["--failFast"], True),
        (["--fail-fast"], True),
        (["-failFast=true"], True),
        (["--fail-fast=yes"], True),
        (["-failFast=1"], True),
        (["-failFast=false"], False),
        (["-failFast=0"], False),
        (["-failFast", "-failFast=false"], False),
        ([], False),
    ],
)
def test_switch(arguments, on):
    assert cli.parse(arguments, {}).settings == settings_of(fail_fast=on)


@pytest.mark.parametrize(
    ("arguments", "to_stdout", "activity"),
    [
        (["-log"], True, True),
        (["-log=true"], True, True),
        (["-log=false"], False, False),
        (["--log-to-stdout"], True, False),
        (["--log-server-activity"], False, True),
    ],
)
def test_log_stands_for_two_settings(arguments, to_stdout, activity):
    assert cli.parse(arguments, {}).settings == settings_of(log_to_stdout=to_stdout, log_server_activity=activity)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2", 2.0), ("0.25", 0.25), ("250ms", 0.25), ("250 ms", 0.25), ("2 minutes", 120.0), ("1h", 3600.0)],
)
def test_seconds_may_be_fractions_and_have_units(text, seconds):
    assert cli.parse([f"-responseDelayData={text}"], {}).settings == settings_of(response_delay_data=seconds)


@pytest.mark.parametrize("flag", ["sessionTimeout", "shutdownTimeout", "msgSizeLimit", "msgGreeting", "host"])
def test_nothing_means_the_default(flag):
    nothing = "" if flag in ("msgGreeting", "host") else "0"

    assert cli.parse([f"-{flag}={nothing}"], {}).settings == settings_of()


def test_text_without_a_code_gets_the_one_of_the_default():
    with spawned("-msgGreeting=Greeting message") as process:
        assert greeting(process) == "220 Greeting message"


# The environment.


def test_environment_variable_sets_a_setting():
    with spawned(SMTPMOCK_MSG_GREETING="220 From the environment") as process:
        assert greeting(process) == "220 From the environment"


def test_flag_stands_before_the_environment():
    with spawned("-msgGreeting=220 From the flag", SMTPMOCK_MSG_GREETING="220 From the environment") as process:
        assert greeting(process) == "220 From the flag"


@pytest.mark.parametrize("flag", GO_SMTP_MOCK_FLAGS)
def test_every_setting_has_an_environment_variable(flag):
    text, value = sample(flag)

    options = cli.parse([], {f"SMTPMOCK_{go_name(flag).upper()}": text})

    assert options.settings == settings_of(**{go_name(flag): value})


def test_switch_of_the_environment_is_turned_off_by_its_flag():
    options = cli.parse(["-failFast=false"], {"SMTPMOCK_FAIL_FAST": "on", "SMTPMOCK_LOG_TO_STDOUT": "true"})

    assert options.settings == settings_of(log_to_stdout=True)


# What is only shown.


@pytest.mark.parametrize("flag", ["-v", "--v", "-version", "--version", "-v=true", "--v=1"])
def test_version_is_shown_in_three_lines(flag):
    status, output, errors = run(flag)

    assert (status, errors) == (0, "")
    assert re.fullmatch(
        rf"smtpmock: {re.escape(__version__)}\n"
        r"commit: (unknown|[0-9a-f]{40})\n"
        r"built at: (unknown|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\n",
        output,
    )


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_shows_every_setting_in_its_group_with_its_default(flag):
    status, output, errors = run(flag)

    assert (status, errors) == (0, "")
    sections = output.split("\n\n")
    shown = {section.partition(":\n")[0]: " ".join(section.split()) for section in sections[2:]}
    groups = ["General", "Server", "Behaviour", "Delays", "Replies"]
    assert [group for group in shown if group in groups] == groups
    for go_flag in GO_SMTP_MOCK_FLAGS:
        declared = settings.SETTINGS[go_name(go_flag)]
        default = {"False": "off"}.get(str(declared.command_default), str(declared.command_default).removesuffix(".0"))
        entry = shown[declared.section].partition(f" -{go_flag}, ")[2]
        default = default.replace("{msg_size_limit}", "N")
        told = f"{declared.meaning} (default: {default})" if declared.command_default != () else declared.meaning
        assert re.match(rf"{usual(go_flag)} ([A-Z]\S* )?{re.escape(told)}", entry)
    assert "-h, -help, --h, --help show this help and exit" in shown["General"]
    assert "-v, -version, --v, --version show the version and exit" in shown["General"]
    assert "-log, --log the same as --log-to-stdout and --log-server-activity together" in shown["General"]


# Mistakes.


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["-prot=2525"], "Unknown flag '-prot': did you mean '-port'?"),
        (["--sesion-timeout", "60"], "Unknown flag '--sesion-timeout': did you mean '--session-timeout'?"),
        (["-sessionTime=5"], "Unknown flag '-sessionTime': did you mean '-sessionTimeout'?"),
        (["-verbose"], "Unknown flag '-verbose': did you mean '-version'?"),
        (["-v=perhaps"], "Invalid -v 'perhaps': expected true or false"),
        (["2525"], "Unexpected argument '2525': settings are flags, such as -port=2525"),
        (["-port"], "Invalid command line: argument -port/--port: expected one argument"),
        (
            ["-port=smtp"],
            "Invalid port 'smtp': expected an integer from 0 to 65535",
        ),
        (
            ["-port=65536"],
            "Invalid port 65536: expected an integer from 0 to 65535",
        ),
        (
            ["--session-timeout", "soon"],
            "Invalid session_timeout 'soon': expected a number of seconds from 0 to 31536000",
        ),
        (
            ["-failFast=perhaps"],
            "Invalid fail_fast 'perhaps': expected true or false",
        ),
        (
            ["-msgGreeting=220 a\nb"],
            r"Invalid msg_greeting '220 a\nb': expected one line of text, or a complete reply of several lines",
        ),
    ],
)
def test_mistake_on_the_command_line(arguments, error):
    assert run(*arguments) == (2, "", f"smtpmock: {error}\n")


@pytest.mark.parametrize(
    ("flag", "listed"),
    [("-xyzzy", "-h, -help, -v, -version, -log, -host, "), ("--xyzzy", "--h, --help, --v, --version, --log, ")],
)
def test_a_flag_that_resembles_none_is_refused_with_flags_in_its_form(flag, listed):
    with pytest.raises(SettingError) as refusal:
        cli.parse([flag], {})

    assert re.fullmatch(rf"Unknown flag '{flag}': expected one of {listed}.* and \d+ more", str(refusal.value))


def test_mistake_in_the_environment():
    assert run(SMTPMOCK_PORT="smtp") == (
        2,
        "",
        "smtpmock: Invalid SMTPMOCK_PORT 'smtp': expected an integer from 0 to 65535\n",
    )


def test_a_value_out_of_range_is_told_with_where_it_came_from():
    assert run(SMTPMOCK_PORT="70000") == (
        2,
        "",
        "smtpmock: Invalid SMTPMOCK_PORT 70000: expected an integer from 0 to 65535\n",
    )


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["-failFast=false"], {"SMTPMOCK_FAIL_FAST": "maybe"}),
        (["-log=false"], {"SMTPMOCK_LOG": "maybe", "SMTPMOCK_LOG_TO_STDOUT": "maybe"}),
        (["--log-to-stdout=0", "--log-server-activity=0"], {"SMTPMOCK_LOG": "maybe"}),
        ([], {"SMTPMOCK_PORT": "tcp://10.96.0.7:25"}),
        ([], {"SMTPMOCK_PORT_25_TCP_PROTO": "tcp", "SMTPMOCK_SERVICE_HOST": "10.96.0.7"}),
    ],
)
def test_an_environment_variable_that_does_not_count_is_not_judged(arguments, environment):
    assert cli.parse(arguments, environment).settings == settings_of()


def test_half_of_a_variable_that_flags_override_counts():
    found = cli.parse(["--log-to-stdout=0"], {"SMTPMOCK_LOG": "true"}).settings

    assert (found.log_to_stdout, found.log_server_activity) == (False, True)


def test_an_environment_variable_that_is_empty_is_not_set():
    assert cli.parse([], {"SMTPMOCK_PORT": "", "SMTPMOCK_FAIL_FAST": ""}).settings == settings_of()


@pytest.mark.parametrize("arguments", [["-port=0"], ["-v"]])
def test_output_that_cannot_be_written_is_told_in_one_line(arguments):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "smtpmock", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )
    told = "smtpmock: Cannot write to standard output: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, told)


def test_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert run(f"-port={port}") == (
            1,
            "",
            f"smtpmock: Failed to start SMTP mock server on port: {port} (127.0.0.1: Address already in use)\n",
        )


def test_version_is_shown_though_the_port_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run("-v", f"-port={taken.getsockname()[1]}")[0] == 0
