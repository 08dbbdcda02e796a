"""`smtpmock matrix`: the command, its files and its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from smtpmock import FAULTS
from smtpmock.__main__ import main

SEND = """
import os, smtplib, sys
try:
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"]), timeout=5) as client:
        client.sendmail("a@example.com", ["b@example.com"], "Subject: Welcome\\r\\n\\r\\nHello")
except smtplib.SMTPException as error:
    print(error, file=sys.stderr)
    sys.exit(7)
"""


@pytest.fixture
def program(tmp_path):
    """A program that sends a mail."""
    path = tmp_path / "send.py"
    path.write_text(SEND)
    return [sys.executable, str(path)]


def run(*arguments):
    return main(["matrix", *arguments])


def test_matrix_of_a_command(program, tmp_path, capsys):
    files = {form: tmp_path / f"rows.{form}" for form in ("json", "html", "junit")}
    flags = [word for form, path in files.items() for word in (f"--{form}", str(path))]

    status = run("--fault", "deferred-once", "--fault", "slow-replies", *flags, "--", *program)

    assert status == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert [line.split()[:2] for line in shown.out.splitlines()[1:]] == [
        ["deferred-once", "lost"],
        ["slow-replies", "delivered"],
    ]
    rows = json.loads(files["json"].read_text())["rows"]
    assert [(row["fault"], row["outcome"], row["attempts"], row["delivered"], row["error"]) for row in rows] == [
        ("deferred-once", "lost", 1, 0, "exit status 7"),
        ("slow-replies", "delivered", 1, 1, ""),
    ]
    assert rows[0]["rule"] == FAULTS["deferred-once"].rule
    assert '<table class="smtpmock-matrix">' in files["html"].read_text()
    assert ElementTree.fromstring(files["junit"].read_text()).find("testsuite").get("tests") == "2"


def test_broken_expectation_is_told_and_ends_with_1(program, capsys):
    assert run("--fault", "deferred-once", "--expect", "duplicated=0", "--expect", "lost=0", "--", *program) == 1
    assert "\n\nExpected lost=0, but mail was lost under 1 of 1 fault:\n" in capsys.readouterr().out


def test_met_expectation_ends_with_0(program):
    assert run("--fault", "slow-replies", "--expect", "lost=0", "--", *program) == 0


def test_command_that_hangs_is_ended_with_what_it_has_started(tmp_path, capsys):
    path = tmp_path / "send.py"
    path.write_text(SEND.replace("timeout=5", "timeout=None"))
    starter = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, {str(path)!r}]))"

    arguments = ("--fault", "silent-greeting", "--time-limit", "3", "--", sys.executable, "-c", starter)
    assert run(*arguments) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["silent-greeting", "lost"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "Missing command: expected it after --, as in smtpmock matrix -- python send.py"),
        (["--"], "Missing command: expected it after --, as in smtpmock matrix -- python send.py"),
        (["send.py"], "Unexpected argument 'send.py'"),
        (["--jsn", "x", "--", "true"], "Unknown flag '--jsn': did you mean '--json'?"),
        (["--fault", "deferred", "--", "true"], "Unknown fault 'deferred': did you mean 'deferred-once'?"),
        (["--expect", "lots=0", "--", "true"], "Invalid expectation 'lots=0': Unknown measure 'lots'"),
        (["--time-limit", "0", "--", "true"], "Invalid time_limit '0': expected a number of seconds greater than 0"),
        (["--wait", "x", "--", "true"], "Invalid wait 'x': expected a number of seconds"),
        (["--port", "x", "--", "true"], "Invalid port 'x': expected an integer from 0 to 65535"),
        (["--", "/nonexistent/program"], "The command '/nonexistent/program' cannot be run: No such file or directory"),
        (["--json", "/nonexistent/rows.json", "--", "true"], "The file /nonexistent/rows.json cannot be written"),
    ],
)
def test_wrong_use_is_one_line_and_ends_with_2(arguments, why, capsys):
    assert run(*arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"smtpmock: {why}")
    assert shown.err.count("\n") == 1


def test_command_that_fails_without_a_fault_ends_with_1(capsys):
    status = run("--fault", "deferred-once", "--", sys.executable, "-c", "import nonexistent")

    assert status == 1
    assert capsys.readouterr().err == (
        "smtpmock: without a fault, exit status 1: ModuleNotFoundError: No module named 'nonexistent'\n"
    )


def test_settings_are_flags(program, capsys):
    assert run("--fault", "slow-replies", "--not-registered-emails", "b@example.com", "--", *program) == 1
    assert "550" in capsys.readouterr().err


def test_faults_are_listed(capsys):
    assert run("--list") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(FAULTS)


def test_process_has_the_exit_status(program):
    done = subprocess.run(
        [sys.executable, "-m", "smtpmock", "matrix", "--fault", "deferred-once", "--expect", "lost=0", "--", *program],
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (1, "")
