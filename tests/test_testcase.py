"""Tests that unittest runs: a server for each, and the evidence in the failures."""

from __future__ import annotations

import re
import sys
from textwrap import dedent, indent

import pytest

from tests.explained import masked

TESTS = """
import unittest
from smtplib import SMTP
from smtpmock import SMTPMock
from smtpmock.testcase import SMTPMockMixin

def send(mock, subject="Welcome"):
    with SMTP(mock.host, mock.port, local_hostname="app.example", timeout=60) as client:
        client.sendmail("shop@example.com", ["bob@example.com"], f"Subject: {subject}\\r\\n\\r\\nhello")

class Tests(SMTPMockMixin, unittest.TestCase):
"""
END = """
unittest.main(argv=["tests"], exit=False)
"""


@pytest.fixture
def run_tests(run):
    """Runs methods of a test case; returns what unittest reports, by the name of the test."""

    def run_tests(methods: str) -> dict[str, str]:
        begin = "import sys\nsys.stderr = sys.stdout\n"
        report = run(begin, f"{TESTS}{indent(dedent(methods), '    ')}{END}")
        report = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:2525", masked(report))
        found = re.split(r"^=+\n(?:FAIL|ERROR): (.+)\n-+\n", report, flags=re.MULTILINE)
        return dict(zip(found[1::2], found[2::2], strict=True)) or {"": report}

    return run_tests


def by_name(found, name):
    [text] = [text for title, text in found.items() if title.startswith(f"{name} ")]
    return text


needs_notes = pytest.mark.skipif(sys.version_info < (3, 11), reason="tracebacks show notes from Python 3.11 on")


@needs_notes
def test_failures_show_the_evidence_once(run_tests):
    found = run_tests("""
    def setUp(self):
        if self.id().endswith("setup"):
            send(self.smtpmock)
            self.fail("no")

    def test_setup(self):
        pass

    def test_plain(self):
        send(self.smtpmock)
        self.assertEqual(self.smtpmock.message().text, "goodbye")

    def test_own(self):
        send(self.smtpmock)
        self.smtpmock.message(subject="other")

    def test_block(self):
        with SMTPMock() as mock:
            send(mock)
            self.fail("no")

    def test_subtests(self):
        for number in range(2):
            with self.subTest(number):
                send(self.smtpmock, f"number {number}")
                self.fail("no")

    def test_without_a_server(self):
        self.fail("no")

    def test_passes(self):
        send(self.smtpmock)
    """)
    table = "12:00:00.000  shop@example.com  bob@example.com  Welcome  accepted"
    for name, title in (("test_setup", "smtpmock (127.0.0.1:2525)"), ("test_block", "127.0.0.1:2525")):
        text = by_name(found, name)
        assert f"AssertionError: no\n\nSMTP mail and sessions\n{title}: 1 message, 1 session\n" in text
        assert text.count(table) == text.count("Session 1 from") == 1
    assert "'hello\\n' != 'goodbye'" in by_name(found, "test_plain")
    assert by_name(found, "test_own").count(table) == 1
    assert by_name(found, "test_own").count("Session 1 from") == 1
    subtests = [text for title, text in found.items() if title.startswith("test_subtests")]
    assert [("number 0" in text, "number 1" in text) for text in subtests] == [(True, False), (False, True)]
    assert "SMTP" not in by_name(found, "test_without_a_server")
    assert len(found) == 7


def test_settings_of_the_class_and_its_life(run_tests):
    found = run_tests("""
    smtpmock_settings = {"msg_greeting": "220 Hello"}
    known = []

    def tearDown(self):
        self.assertTrue(self.smtpmock.is_running)

    def test_one(self):
        self.assertEqual(self.smtpmock.settings.msg_greeting, "220 Hello")
        self.assertIs(self.smtpmock, self.smtpmock)
        self.known.append(self.smtpmock)

    def test_two(self):
        self.assertIsNot(self.smtpmock, self.known[0])
        self.assertFalse(self.known[0].is_running)
        self.smtpmock.stop()
        self.smtpmock.start()
    """)
    assert "\nOK\n" in found[""]


def test_unused_rules_and_exceptions_of_the_server_fail_a_test_that_passes(run_tests):
    found = run_tests("""
    smtpmock_settings = {"strict": True}

    def test_rule(self):
        self.smtpmock.on("NOOP", reply="250 Never")

    def test_exception(self):
        self.smtpmock.errors.append(ZeroDivisionError("a mistake"))
    """)
    assert "ExpectationError: 1 rule never used" in by_name(found, "test_rule")
    assert "ZeroDivisionError: a mistake" in by_name(found, "test_exception")
    assert "A session of 127.0.0.1:2525 failed with ZeroDivisionError" in by_name(found, "test_exception")


@needs_notes  # before, unittest tells of the failure after the cleanup
def test_unused_rules_are_not_told_beside_the_failure_that_left_them_so(run_tests):
    [text] = run_tests("""
    smtpmock_settings = {"strict": True}

    def test(self):
        self.smtpmock.on("NOOP", reply="250 Never")
        self.fail("no")
    """).values()
    assert "never used" not in text


@needs_notes
def test_late_mail_is_waited_for(run_tests):
    [text] = run_tests("""
    def test(self):
        from threading import Thread
        try:
            self.smtpmock.wait_for_message(timeout=1)
        except AssertionError:
            Thread(target=send, args=[self.smtpmock]).start()
            raise
    """).values()
    assert re.search(r"! arrived \d\.\d+ s after the wait had ended", text)


@pytest.mark.skipif(sys.version_info >= (3, 11), reason="tracebacks show notes")
def test_evidence_is_printed_where_tracebacks_show_no_notes(run):
    output = run(
        "import sys\nsys.stderr = sys.stdout\n",
        f"{TESTS}    def test(self):\n        send(self.smtpmock)\n        self.fail('no')\n{END}",
    )
    assert output.count("SMTP mail and sessions\n") == output.count("Session 1 from") == 1
