"""The pages say what the package does."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from smtpmock.settings import declarations as settings
from tests import parity

DOCS = Path(__file__).parent.parent / "docs"


def read(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def rows(page: str) -> list[list[str]]:
    """The cells of all tables, without their heads."""
    lines = [line for line in read(page).splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]
    return [row for row in cells if row[0] not in ("name", "what")]


def load(script: str):
    specification = importlib.util.spec_from_file_location(script, DOCS / f"{script}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_settings_page_is_what_the_declaration_makes_of_it():
    assert read("settings.md") == load("render_settings").page(), "run python docs/render_settings.py"


def test_settings_page_has_a_row_for_each_setting():
    assert [row[0] for row in rows("settings.md")] == [f"`{name}`" for name in settings.SETTINGS]


def test_every_deviation_from_go_smtp_mock_has_a_row_and_every_row_exists():
    named = [name for row in rows("differences.md") for name in re.findall(r"`([^`]+)`", row[4])]

    assert sorted(named) == sorted(scenario["name"] for scenario in parity.SCENARIOS if "deviation" in scenario)


@pytest.mark.parametrize("row", rows("differences.md"), ids=lambda row: row[0])
def test_difference_says_what_and_why(row):
    assert len(row) == 5
    assert all(row[:4])
    assert row[1] != row[2]


def test_first_mail_shows_the_mail_and_the_conversation():
    ended = subprocess.run(
        [sys.executable, str(DOCS / "first_mail.py")], capture_output=True, text=True, timeout=60, cwd=DOCS
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    said, conversation = ended.stdout.split("\n\nThe whole conversation")
    assert said.splitlines()[2:] == [
        "  from     shop@example.com",
        "  to       alice@example.com",
        "  subject  Your order has been shipped",
        "  text     It will be with you tomorrow.",
        "  refused  bob@example.com: 550 User not found",
    ]
    lines = re.findall(r"^(?:\+\S+| {6}) (.+)$", conversation, re.MULTILINE)
    # Which letters of a command are capitals differs from one version of smtplib to another.
    assert [line.replace("C: mail from:", "C: mail FROM:").replace("C: rcpt to:", "C: rcpt TO:") for line in lines] == [
        "S: 220 Welcome",
        "C: ehlo shop.example.com",
        "S: 250 Received",
        "C: mail FROM:<shop@example.com>",
        "S: 250 Received",
        "C: rcpt TO:<alice@example.com>",
        "S: 250 Received",
        "C: rcpt TO:<bob@example.com>",
        "S: 550 User not found <- msg_rcptto_not_registered_email",
        "C: data",
        "S: 354 Ready for receive message. End data with <CR><LF>.<CR><LF>",
        "C: (the message)",
        "S: 250 Received",
        "C: QUIT",
        "S: 221 Closing connection",
    ]
