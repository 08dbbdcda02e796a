"""The command with rules: what it answers, and what it refuses."""

from __future__ import annotations

import pytest

from smtpmock import __main__
from tests.clients.command import port_of, run, spawned, stop
from tests.raw_client import Client

FILE = """
[[rule]]
stage = "NOOP"
reply = "450 of the file"

[[rule]]
stage = "RSET"
reply = ["250-two", "250 lines"]
"""


def said(*arguments, lines=("NOOP",)):
    """The greeting and the replies of the command with these arguments, which then ends as it should."""
    with spawned(*arguments) as process:
        with Client(port_of(process), greeting=None) as client:
            replies = [client.read_reply(), *client.ask(*lines)]
        status, _, errors = stop(process)
    assert (status, errors) == (0, "")
    return replies


def test_rule_on_the_command_line():
    rule = "RCPT TO recipient=*@slow.example delay=0.001 reply='451 later' times=3"
    rcpt = "RCPT TO:<a@slow.example>"

    assert said("--rule", rule, lines=["EHLO c.example", "MAIL FROM:<a@b.example>", *[rcpt] * 4])[3:] == [
        *["451 later"] * 3,
        "250 Received",
    ]


def test_several_rules_of_which_the_last_is_the_newest():
    assert said("--rule=NOOP reply='450 first'", "--rule", "NOOP reply='450 second' times=1", lines=["NOOP"] * 2) == [
        *("220 Welcome", "450 second", "450 first"),
    ]


def test_rule_for_the_greeting():
    assert said("--rule", "connect reply='220 as told'", lines=()) == ["220 as told"]


def test_rules_of_a_file(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(FILE)

    assert said("--rules", str(path), lines=["NOOP", "RSET"]) == [
        "220 Welcome",
        "450 of the file",
        "250-two\n250 lines",
    ]


def test_rule_of_the_line_is_newer_than_the_file_wherever_it_stands(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(FILE)

    assert said("--rule", "NOOP reply='451 of the line'", f"--rules={path}")[1] == "451 of the line"


def test_settings_and_rules_go_together():
    assert said("-msgGreeting=220 set", "--rule", "NOOP reply='450 ruled'") == ["220 set", "450 ruled"]


def test_connection_is_dropped_as_told():
    with spawned("--rule", "NOOP then=close") as process, Client(port_of(process)) as client:
        assert client.ask("NOOP") == [""]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--rule", "NOOP replay=1"], "--rule number 1: Unknown word in a rule 'replay': did you mean 'reply'?"),
        (
            ["--rule", "NOOP delay=1", "--rule", "NOOP reply=no"],
            "--rule number 2: Invalid reply 'no': expected a three-digit code, a space and a text",
        ),
        (
            ["--rule", "EHLO recipient=a@b.example delay=1"],
            "--rule number 1: The condition recipient is not available at EHLO: expected one of client, "
            "helo_name, argument",
        ),
        (["--rules", "/nowhere/rules.toml"], "The file /nowhere/rules.toml cannot be read: No such file or directory"),
        (["--rule"], "Invalid command line: argument --rule: expected one argument"),
    ],
)
def test_mistake_is_told_in_one_line(arguments, why, capsys):
    assert __main__.main(arguments) == 2
    assert capsys.readouterr() == ("", f"smtpmock: {why}\n")


def test_mistake_in_a_file_is_told_with_its_line_and_number(tmp_path, capsys):
    path = tmp_path / "rules.toml"
    path.write_text(f'{FILE}\n[[rule]]\nstage = "NOOP"\ntimes = -1\n')

    assert __main__.main(["--rules", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"smtpmock: {path}, line 10, rule 3: Invalid times -1: expected an integer of at least 0\n"
    )


def test_mistake_ends_the_process_with_2():
    status, output, errors = run("--rule", "NOOP")

    assert (status, output) == (2, "")
    assert errors.startswith("smtpmock: --rule number 1: The rule NOOP does nothing: expected one of reply, ")
    assert errors.count("\n") == 1


def test_help_names_both_flags():
    status, output, _ = run("--help")

    assert status == 0
    assert "--rule 'STAGE WORD=VALUE …'" in output
    assert "--rules FILE" in output
