"""How a test asks for the verdict, what it is told, and that a test which does not ask pays nothing."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from smtpmock import ExpectationError, QueryError, ServerStateError, SMTPMock
from smtpmock.reports.explanation import MOST_LINES
from smtpmock.reports.layout import WIDTH
from tests.raw_client import Client
from tests.violations.talk import CLEAN, DATA, EHLO, MAIL, QUIT, RCPT, offer, say

KEEPS_EVERYTHING = {"multiple_rcptto": True, "multiple_message_receiving": True}
BARE_LF = CLEAN + b"one\ntwo\r\n"


def session_with(mock, mail=MAIL, content=CLEAN, rcpt=RCPT, end=(QUIT,), ehlo=EHLO):
    return say(mock, ehlo, mail, rcpt, DATA, content + b".\r\n", *end)


def test_clean_mail_passes(mock):
    session_with(mock)

    mock.assert_no_violations()


def test_where_nothing_arrived_nothing_is_wrong(mock):
    mock.assert_no_violations()


def test_a_failure_lists_what_is_wrong_with_the_standard_and_the_place(mock):
    session_with(mock, mail=b"MAIL FROM: <a@example.com>\r\n", content=BARE_LF, end=())

    with pytest.raises(ExpectationError) as caught:
        mock.assert_no_violations()

    assert str(caught.value) == dedent(
        """\
        3 violations of standards by the client:

        <Session 1 from 127.0.0.1, 6 exchanges, ended>
          path-space (RFC 5321 3.3) in "MAIL FROM: <a@example.com>"
            There is white space after the colon, where none is allowed.
          no-quit (RFC 5321 4.1.1.10)
            The client closed the connection without a QUIT.

        <Message 1 from a@example.com to b@example.com 'hi'>
          bare-lf (RFC 5321 2.3.8) line 7: one
            The line ends with a line feed alone, not with CR LF."""
    )
    assert caught.value.messages == tuple(mock.messages())


def test_the_list_fits_on_a_screen(mock):
    session_with(mock, content=b"".join(b"X-Bell: \x07%s\r\n" % (b"y" * 100) for _ in range(100)) + b"\r\n", end=())

    with pytest.raises(ExpectationError) as caught:
        mock.assert_no_violations()

    lines = str(caught.value).splitlines()
    assert lines[0] == "103 violations of standards by the client:"
    assert len(lines) == MOST_LINES
    assert max(map(len, lines)) <= WIDTH


def test_codes_can_be_ignored(mock):
    session_with(mock, content=BARE_LF, end=())

    mock.assert_no_violations(ignore=["no-quit", "bare-lf"])
    with pytest.raises(ExpectationError, match=r"^1 violation of .*\n\n.*\n  bare-lf "):
        mock.assert_no_violations(ignore=("no-quit",))


def without_message_id(mock):
    """A session with a mail that lacks what a standard recommends, and nothing else."""
    return session_with(mock, content=CLEAN.replace(b"Message-ID: <1@example.com>\r\n", b""))


def test_an_assertion_is_about_what_standards_require(mock):
    without_message_id(mock)

    mock.assert_no_violations()
    mock.assert_no_violations(level="must", recipient="b@example.com")


def test_an_assertion_can_be_about_what_standards_recommend_as_well(mock):
    session_with(mock, content=BARE_LF.replace(b"Message-ID: <1@example.com>\r\n", b""))

    with pytest.raises(ExpectationError, match=r"^2 violations (?s:.*)\n  bare-lf (?s:.*)\n  missing-message-id "):
        mock.assert_no_violations(level="should")
    mock.assert_no_violations(level="should", ignore=["bare-lf", "missing-message-id"])


def test_all_violations_are_returned_unless_a_level_is_given(mock):
    session_with(mock, content=BARE_LF.replace(b"Message-ID: <1@example.com>\r\n", b""))

    found = [("bare-lf", "must"), ("missing-message-id", "should")]
    assert [(violation.code, violation.level) for violation in mock.violations()] == found
    assert mock.violations(level="should") == mock.violations()
    assert [violation.code for violation in mock.violations(level="must")] == ["bare-lf"]


@pytest.mark.parametrize("level", ["may", "MUST", None, ["must"]])
def test_an_unknown_level_is_refused(mock, level):
    expected = f"^{re.escape(f'Invalid level {level!r}')}: expected must or should$"
    with pytest.raises(QueryError, match=expected):
        mock.assert_no_violations(level=level)
    with pytest.raises(QueryError, match=expected):
        mock.violations(level=level)


def test_codes_can_be_ignored_by_the_whole_server():
    with SMTPMock(ignore_violations=["bare-lf"]) as mock:
        session_with(mock, content=BARE_LF, end=())

        assert [found.code for found in mock.violations()] == ["no-quit"]
        mock.assert_no_violations(ignore="no-quit")
        with pytest.raises(ExpectationError, match=r"^1 violation of .*\n\n.*\n  no-quit "):
            mock.assert_no_violations()


def test_on_a_server_that_never_ran_the_assertion_fails():
    with pytest.raises(ServerStateError, match=r"^The server was never started: no message can have arrived"):
        SMTPMock().assert_no_violations()


def test_an_attempt_that_failed_is_judged_where_it_is_asked_for():
    with SMTPMock(not_registered_emails=["c@example.com"], **KEEPS_EVERYTHING) as mock:
        say(mock, b"EHLO localhost\r\n", MAIL, b"RCPT TO:<c@example.com>\r\n", QUIT)
        session_with(mock)

        mock.assert_no_violations(recipient="*@example.com")
        for accepted in (False, None):
            [found] = mock.violations(recipient="*@example.com", accepted=accepted)
            assert found.code == "helo-not-qualified"


@pytest.mark.parametrize("arrived", [True, False], ids=["with mail", "without"])
def test_an_unknown_code_is_refused(mock, arrived):
    if arrived:
        session_with(mock)

    with pytest.raises(QueryError, match=r"^Unknown violation 'bare-fl': did you mean 'bare-lf'\?$"):
        mock.assert_no_violations(ignore=["bare-lf", "bare-fl"])


def test_an_unknown_criterion_is_refused(mock):
    with pytest.raises(QueryError, match="recipent"):
        mock.assert_no_violations(recipent="b@example.com")


def test_criteria_choose_the_messages_and_their_sessions(mock):
    session_with(mock)
    session_with(mock, rcpt=b"RCPT TO: <c@example.com>\r\n", content=BARE_LF)

    mock.assert_no_violations(recipient="b@example.com")
    with pytest.raises(ExpectationError, match=r"^2 violations"):
        mock.assert_no_violations(recipient="c@example.com")


def test_a_session_without_a_message_is_judged_too(mock):
    say(mock, b"EHLO localhost\r\n", QUIT)

    with pytest.raises(ExpectationError, match="helo-not-qualified"):
        mock.assert_no_violations()


def test_the_transcript_marks_the_line_that_a_violation_belongs_to(mock):
    session = session_with(mock, mail=b"MAIL FROM: <a@example.com>\r\n", rcpt=b"RCPT TO:<b@example.com>\n", end=())

    lines = [re.sub(r"^(?:\+\d\.\d{3}|\s+) ", "", line) for line in session.transcript().splitlines()[1:]]
    assert lines == [
        "S: 220 Welcome",
        "C: EHLO client.example.com",
        "S: 250 Received",
        "C: MAIL FROM: <a@example.com>",
        "S: 250 Received",
        "! path-space: There is white space after the colon, where none is allowed. (RFC 5321 3.3)",
        "C: RCPT TO:<b@example.com>",
        "S: 250 Received",
        "! bare-lf-command: The command line ends with a line feed alone, not with CR LF. (RFC 5321 2.3.8)",
        "C: DATA",
        "S: 354 Ready for receive message. End data with <CR><LF>.<CR><LF>",
        "C: (the message)",
        "S: 250 Received",
        "! no-quit: The client closed the connection without a QUIT. (RFC 5321 4.1.1.10)",
    ]


def test_the_explanation_of_a_wait_in_vain_marks_it_too(mock):
    say(mock, b"EHLO localhost\r\n", QUIT)

    with pytest.raises(ExpectationError) as caught:
        mock.wait_for_message(0.01)

    assert "! helo-not-qualified: " in str(caught.value)


def test_a_violation_belongs_to_its_exchange(mock):
    session = session_with(mock, rcpt=b"RCPT TO:b@example.com\r\n")

    [found] = session.violations
    assert found.exchange is session.exchanges[3]
    assert str(found) == "path-brackets: The address is not enclosed in angle brackets. (RFC 5321 4.1.2)"


def test_the_verdict_is_the_same_each_time(mock):
    session_with(mock, content=BARE_LF)

    message = mock.message()
    assert message.violations == message.violations
    assert [found.code for found in message.violations] == ["bare-lf"]


def test_a_session_that_goes_on_is_judged_as_far_as_it_has_come(mock):
    with Client(mock) as client:
        assert client.ask("EHLO localhost") == ["250 Received"]
        [session] = mock.sessions()
        assert [found.code for found in session.violations] == ["helo-not-qualified"]


def test_the_messages_of_one_session_are_judged_each():
    with SMTPMock(multiple_message_receiving=True) as mock:
        offer(mock, "8BITMIME")
        text = CLEAN.replace(
            b"\r\n\r\n", b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xbc"
        )
        say(
            *(mock, EHLO, b"MAIL FROM:<a@example.com> BODY=8BITMIME\r\n", RCPT, DATA, text + b".\r\n"),
            *(MAIL, RCPT, DATA, text + b".\r\n", MAIL, RCPT, DATA, BARE_LF + b".\r\n", QUIT),
        )

        codes = [[found.code for found in message.violations] for message in mock.messages()]
        assert codes == [[], ["8bit-without-8bitmime"], ["bare-lf"]]


ASKS_NOT = """
    import sys
    from smtpmock import SMTPMock
    from tests.violations.talk import CLEAN, DATA, EHLO, MAIL, QUIT, RCPT, say

    with SMTPMock() as mock:
        say(mock, EHLO, MAIL, RCPT, DATA, CLEAN + b"one\\ntwo\\r\\n.\\r\\n", QUIT)
        [message] = mock.messages()
        assert message.accepted and message.sender and message.recipients and message.raw
        assert mock.sessions()[0].exchanges
        judges = {f"smtpmock.conformance.{name}" for name in ("message", "parts")} | {"smtpmock.mail.mime"}
        loaded = set(sys.modules) & (judges | {"smtpmock.conformance.conversation"})
        assert not loaded, loaded
        LOADED
"""


def test_a_test_that_does_not_ask_pays_nothing(run):
    script = ASKS_NOT.replace("LOADED", 'assert "email" not in sys.modules')
    run(
        """
        import sys
        sys.modules["pytest"] = type(sys)("pytest")  # it would load the rest of the library
        """,
        script,
    )


def test_a_session_is_judged_without_reading_its_mail(run):
    run(
        ASKS_NOT.replace(
            "LOADED",
            """assert mock.sessions()[0].violations == ()
        assert not judges & set(sys.modules)""",
        )
    )
