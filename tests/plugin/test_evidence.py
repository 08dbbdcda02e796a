"""The mail and the sessions that a failed test shows, whoever made the servers."""

from __future__ import annotations

from tests.plugin.conftest import failures

pytest_plugins = ["pytester"]

TITLE = f"{' SMTP mail and sessions ':-^80}"
HEADER = "time          sender            recipients       subject  state"
SESSION = [
    "+0.000 S: 220 Welcome",
    "+0.000 C: ehlo app.example",
    "       S: 250 Received",
    "+0.000 C: mail FROM:<shop@example.com>",
    "       S: 250 Received",
    "+0.000 C: rcpt TO:<bob@example.com>",
    "       S: 250 Received",
    "+0.000 C: data",
    "       S: 354 Ready for receive message. End data with <CR><LF>.<CR><LF>",
    "+0.000 C: (the message)",
    "       S: 250 Received",
    "       ! missing-from, missing-date, missing-message-id",
    "+0.000 C: QUIT",
    "       S: 221 Closing connection",
]


def mail(subject="Welcome"):
    return f"12:00:00.000  shop@example.com  bob@example.com  {subject:7}  accepted"


TEXT = "              text: hello"


def session(number=1):
    return ["", f"Session {number} from 127.0.0.1:2525, 12:00:00.000, ended after 0.000 s", *SESSION]


def evidence(lines):
    """Return the lines below the title, which there is once."""
    assert lines.count(TITLE) == 1
    return lines[lines.index(TITLE) + 1 :]


SERVERS = """
from mail import send
from smtpmock import SMTPMock
import pytest

@pytest.fixture(scope="module")
def server():
    with SMTPMock() as running:
        yield running
"""


def test_a_fixture_of_the_user_shows_what_happened_since_the_test_began(run_tests):
    result = run_tests(
        """
        def test_before(server):
            send(server, subject="before")

        def test(server):
            send(server)
            assert server.message(subject="Welcome").text == "goodbye"

        def test_without_mail(server):
            assert server.messages(subject="other")

        def test_without_a_server():
            assert False
        """,
        before=SERVERS,
    )
    result.assert_outcomes(passed=1, failed=3)
    found = dict(failures(result.stdout.str()))
    one = "server (127.0.0.1:2525): 1 message, 1 session"
    assert evidence(found["test"]) == [one, HEADER, mail(), TEXT, *session(2)]
    assert evidence(found["test_without_mail"]) == ["server (127.0.0.1:2525): no client connected"]
    assert TITLE not in found["test_without_a_server"]


def test_every_style_shows_its_servers(run_tests):
    result = run_tests(
        """
        import unittest

        def test_fixtures(smtpmock, smtpmock_factory, smtpmock_session):
            other = smtpmock_factory(msg_greeting="220 Other")
            for number, server in enumerate((smtpmock, other, smtpmock_session)):
                send(server, subject=str(number))
            assert False

        def test_block():
            with SMTPMock() as mock:
                send(mock)
                assert False

        def test_server_that_nobody_holds():
            def mails():
                with SMTPMock() as hidden:
                    send(hidden)
                    return hidden.messages()
            assert mails() == []

        class TestCase(unittest.TestCase):
            def setUp(self):
                self.mock = SMTPMock()
                self.mock.start()
                self.addCleanup(self.mock.stop)

            def test_attribute(self):
                send(self.mock)
                self.assertEqual(len(self.mock), 2)

        def test_own_error(smtpmock):
            send(smtpmock)
            smtpmock.message(subject="x")
        """,
        before=SERVERS,
    )
    result.assert_outcomes(failed=5)
    found = dict(failures(result.stdout.str()))
    lines = evidence(found["test_fixtures"])
    assert [line for line in lines if ": 1 message, 1 session" in line] == [
        "smtpmock_session (127.0.0.1:2525): 1 message, 1 session",
        "smtpmock (127.0.0.1:2525): 1 message, 1 session",
        "other (127.0.0.1:2525): 1 message, 1 session",
    ]
    assert [line for line in lines if line.endswith("accepted")] == [mail("2"), mail("0"), mail("1")]
    assert "+0.000 S: 220 Other" in lines
    for name, title in (
        ("test_block", "mock (127.0.0.1:2525)"),
        ("test_server_that_nobody_holds", "127.0.0.1:2525"),
        ("TestCase.test_attribute", "mock (127.0.0.1:2525)"),
    ):
        assert evidence(found[name]) == [f"{title}: 1 message, 1 session", HEADER, mail(), TEXT, *session()]
    # The table stands in the error itself.
    assert found["test_own_error"].count(f"E       {mail()}") == 1
    assert evidence(found["test_own_error"]) == ["smtpmock (127.0.0.1:2525): 1 message, 1 session", *session()]


def test_setup_teardown_and_subtests_show_each_mail_once(run_tests):
    result = run_tests(
        """
        @pytest.fixture
        def fails(smtpmock):
            send(smtpmock)
            raise KeyError

        def test_setup(fails):
            pass

        @pytest.fixture
        def fails_at_the_end(smtpmock):
            yield
            send(smtpmock, subject="end")
            raise KeyError

        def test_teardown(fails_at_the_end, smtpmock):
            send(smtpmock)

        def test_both(fails_at_the_end, smtpmock):
            send(smtpmock)
            assert False

        @pytest.fixture
        def fails_in_silence(smtpmock):
            yield
            raise KeyError

        def test_nothing_new(fails_in_silence, smtpmock):
            assert False
        """,
        before=SERVERS,
    )
    result.assert_outcomes(passed=1, failed=2, errors=4)
    found = dict(failures(result.stdout.str()))
    one = "smtpmock (127.0.0.1:2525): 1 message, 1 session"
    assert evidence(found["ERROR at setup of test_setup"]) == [one, HEADER, mail(), TEXT, *session()]
    assert evidence(found["ERROR at teardown of test_teardown"]) == [
        "smtpmock (127.0.0.1:2525): 2 messages, 2 sessions",
        HEADER,
        mail(),
        TEXT,
        mail("end"),
        TEXT,
        *session(),
        *session(2),
    ]
    assert evidence(found["test_both"]) == [one, HEADER, mail(), TEXT, *session()]
    assert evidence(found["ERROR at teardown of test_both"])[:4] == [one, HEADER, mail("end"), TEXT]
    assert evidence(found["test_nothing_new"]) == ["smtpmock (127.0.0.1:2525): no client connected"]
    assert TITLE not in found["ERROR at teardown of test_nothing_new"]


def test_mail_that_is_too_late_is_named(run_tests):
    result = run_tests(
        """
        from threading import Thread

        def test_soon_after(smtpmock):
            try:
                smtpmock.wait_for_message(timeout=1, recipient="bob@example.com")
            except AssertionError:
                Thread(target=send, args=[smtpmock]).start()
                raise

        @pytest.fixture
        def application(smtpmock):
            thread = Thread(target=send, args=[smtpmock])
            yield
            thread.start()
            thread.join()

        def test_in_the_teardown(application, smtpmock):
            smtpmock.wait_for_message(timeout=0.01)
        """,
        before=SERVERS,
    )
    result.assert_outcomes(failed=2)
    found = dict(failures(result.stdout.str()))
    assert evidence(found["test_soon_after"])[:6] == [
        "'Welcome' to bob@example.com arrived 0.0 s after the wait for a message with",
        "  recipient='bob@example.com' had ended.",
        "",
        "smtpmock (127.0.0.1:2525): 1 message, 1 session",
        HEADER,
        mail(),
    ]
    assert evidence(found["test_in_the_teardown"]) == [
        "smtpmock (127.0.0.1:2525): no client connected",
        f"{' SMTP mail until the end of the teardown ':-^80}",
        "'Welcome' to bob@example.com arrived 0.0 s after the wait for a message had",
        "  ended.",
    ]


def test_tests_that_pass_skip_or_fail_as_expected_show_nothing(run_tests):
    result = run_tests(
        """
        def test_passes(smtpmock, smtpmock_session, server):
            for running in (smtpmock, smtpmock_session, server):
                send(running)

        def test_skips(smtpmock):
            send(smtpmock)
            pytest.skip("not today")

        @pytest.mark.xfail(strict=True)
        def test_fails(smtpmock):
            send(smtpmock)
            assert False
        """,
        "-rA",
        before=SERVERS,
    )
    result.assert_outcomes(passed=1, skipped=1, xfailed=1)
    assert "SMTP mail" not in result.stdout.str()


def test_a_rule_that_was_not_used_is_told_without_a_trace(run_tests):
    result = run_tests(
        """
        @pytest.mark.smtpmock(strict=True)
        def test(smtpmock):
            smtpmock.on("NOOP", reply="250 Never")
        """,
        before=SERVERS,
    )
    result.assert_outcomes(failed=1)
    assert dict(failures(result.stdout.str()))["test"] == [
        "1 rule never used:",
        "  NOOP reply='250 Never' (asked 0 times)",
        TITLE,
        "smtpmock (127.0.0.1:2525): no client connected",
    ]


def test_a_junit_file_has_the_evidence_in_its_failure(run_tests, pytester):
    run_tests(
        """
        def test(smtpmock):
            send(smtpmock)
            assert False
        """,
        "--junit-xml=report.xml",
        "--show-capture=no",
        before=SERVERS,
    ).assert_outcomes(failed=1)
    text = (pytester.path / "report.xml").read_text(encoding="utf-8")
    assert "smtpmock (127.0.0.1:" in text.partition("<failure")[2].partition("</failure>")[0]


def test_an_error_of_the_evidence_does_not_end_the_run(run_tests):
    result = run_tests(
        """
        def test(smtpmock, monkeypatch):
            monkeypatch.setattr("smtpmock.evidence.Evidence.report", lambda *_, **__: 1 / 0)
            assert False

        def test_another(smtpmock):
            pass
        """,
        before=SERVERS,
    )
    result.assert_outcomes(failed=1, passed=1)
    assert evidence(dict(failures(result.stdout.str()))["test"]) == ["No evidence: ZeroDivisionError: division by zero"]
