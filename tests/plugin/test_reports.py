"""The evidence as attachments in the reports of other plugins."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest
from mail import send

def test_fails(smtpmock):
    send(smtpmock, subject="Invoice")
    assert False

@pytest.fixture
def broken(smtpmock):
    send(smtpmock, subject="Setup")
    raise KeyError

def test_setup(broken):
    pass

def test_passes(smtpmock):
    send(smtpmock, subject="Passed")
"""

WORKERS = [((), ()), (("-n", "1"), ("xdist",))]


@pytest.mark.parametrize(("workers", "plugins"), WORKERS, ids=["one process", "xdist"])
def test_allure_has_the_evidence_of_failed_tests(run_tests, pytester, workers, plugins):
    pytest.importorskip("allure_pytest")
    if workers:
        pytest.importorskip("xdist")
    run_tests(TESTS, "--alluredir=results", *workers, plugins=["allure_pytest", *plugins]).assert_outcomes(
        failed=1, errors=1, passed=1
    )
    attached = {}
    for path in (pytester.path / "results").glob("*-result.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        attached[result["name"]] = [
            (one["name"], one["type"], (pytester.path / "results" / one["source"]).read_text(encoding="utf-8"))
            for one in result.get("attachments", ())
        ]

    assert attached["test_passes"] == []
    for name, subject in (("test_fails", "Invoice"), ("test_setup", "Setup")):
        [text, page] = attached[name]
        assert text[:2] == ("SMTP mail and sessions.txt", "text/plain")
        assert page[:2] == ("SMTP mail and sessions.html", "text/html")
        assert f"bob@example.com  {subject}" in text[2]
        assert "smtpmock (127.0.0.1:" in text[2]
        assert page[2].startswith('<!DOCTYPE html><meta charset="utf-8">')
        assert f"<td>{subject}</td>" in page[2]


@pytest.mark.parametrize(("workers", "plugins"), WORKERS, ids=["one process", "xdist"])
def test_pytest_html_has_the_evidence_of_failed_tests(run_tests, pytester, workers, plugins):
    pytest.importorskip("pytest_html")
    if workers:
        pytest.importorskip("xdist")
    options = ("--html=report.html", "--self-contained-html", *workers)
    run_tests(TESTS, *options, plugins=["metadata", "html_fixtures", "html", *plugins]).assert_outcomes(
        failed=1, errors=1, passed=1
    )
    report = (pytester.path / "report.html").read_text(encoding="utf-8")
    [blob] = re.findall(r'data-jsonblob="([^"]*)"', report)
    results = json.loads(unescape(blob))["tests"]
    extras = {name.partition("::")[2]: result[0]["extras"] for name, result in results.items()}

    assert extras["test_passes"] == []
    for name, subject in (("test_fails", "Invoice"), ("test_setup", "Setup")):
        text, page = extras[name]
        assert (text["format_type"], text["name"]) == ("text", "SMTP mail and sessions")
        assert f"<td>{subject}</td>" in page["content"]
