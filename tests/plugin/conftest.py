"""A run of pytest in a process of its own, with the plugin as users have it."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.pytest_runs import run_pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAIL = """
import smtplib

def send(mock, recipient="bob@example.com", subject="Welcome"):
    with smtplib.SMTP(mock.host, mock.port, local_hostname="app.example", timeout=60) as client:
        client.sendmail("shop@example.com", [recipient], f"Subject: {subject}\\r\\n\\r\\nhello")
"""


def masked(output: str) -> list[str]:
    """The lines of the output, with times and ports replaced."""
    text = re.sub(r"\b\d\d:\d\d:\d\d\.\d{3}\b", "12:00:00.000", output)
    text = re.sub(r"\+\d+\.\d{3}(?= [CS]:)", "+0.000", text)
    text = re.sub(r"(?<=ended after )\d+\.\d{3}", "0.000", text)
    text = re.sub(r"\d\.\d+ s (?=after the)", "0.0 s ", text)
    text = re.sub(r"\b(from|to):<", lambda found: found[0].upper(), text)  # smtplib 3.13.0 writes small letters
    text = re.sub(r"\b0x[0-9a-f]+", "0x0", text)
    lines = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:2525", text).splitlines()
    return [line.rstrip() for line in lines if line.strip(" ^") or "^" not in line]  # Python 3.10 underlines nothing


def failures(output: str) -> list[tuple[str, list[str]]]:
    """The names of the failed tests, each with the lines of its failure, masked."""
    found: list[tuple[str, list[str]]] = []
    for line in masked(output):
        name = re.fullmatch(r"_+ (\S.*) _+", line)
        if name:
            found.append((name[1], []))
        elif re.fullmatch(r"=+ short test summary info =+", line):
            break
        elif found:
            found[-1][1].append(line)
    return found


@pytest.fixture
def run_tests(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Runs tests that have a module `mail` to send with; warnings are errors, as they may be for users."""

    def run_tests(
        tests: str,
        *options: str,
        before: str = "",
        conftest: str = "",
        ini: str = "",
        plugins: Iterable[str] = (),
    ) -> pytest.RunResult:
        pytester.makepyfile(mail=MAIL)
        pytester.makeconftest(dedent(conftest))
        pytester.makeini(f"[pytest]\n{dedent(ini)}")
        pytester.makepyfile(before + dedent(tests))
        return run_pytest(pytester, "-W", "error", *options, plugins=plugins)

    return run_tests
