"""The Robot Framework library: `Library    SMTPMockLibrary`."""

from typing import Any

from robot.api.deco import library
from robot.result import Keyword  # type: ignore[import-untyped]  # it has no types

from SMTPMockLibrary.api import __version__
from SMTPMockLibrary.evidence import TestEvidence
from SMTPMockLibrary.keywords import (
    AssertionKeywords,
    ContentKeywords,
    FileKeywords,
    GetterKeywords,
    MatrixKeywords,
    RuleKeywords,
    SecurityKeywords,
    ServerKeywords,
    SessionKeywords,
    StandardKeywords,
    WaitKeywords,
)
from SMTPMockLibrary.markup import MarkupGuard
from SMTPMockLibrary.misspelt import suggestion
from SMTPMockLibrary.owners import AutoStop
from SMTPMockLibrary.servers import MockServer, Servers
from SMTPMockLibrary.signatures import criteria_table, rule_words_table
from SMTPMockLibrary.types import CONVERTERS

__all__ = ["AutoStop", "MockServer", "SMTPMockLibrary"]


@library(scope="GLOBAL", version=__version__, doc_format="ROBOT", listener="SELF", converters=CONVERTERS)
class SMTPMockLibrary(
    ServerKeywords,
    GetterKeywords,
    WaitKeywords,
    AssertionKeywords,
    ContentKeywords,
    FileKeywords,
    SessionKeywords,
    RuleKeywords,
    MatrixKeywords,
    StandardKeywords,
    SecurityKeywords,
):
    r"""An SMTP server for tests, which records the mail that an application sends and explains failures.

    %TOC%

    = Usage =

    `Start SMTP Mock` starts a server on a free port of the local machine. Configure your application to send its mail
    to this port, let it run, and check what arrived. Here, the keyword *Sign Up* stands for your application:

    | ***** Settings *****
    | Library           SMTPMockLibrary
    |
    | ***** Test Cases *****
    | Signing Up Sends A Link
    |     ${server} =    Start SMTP Mock
    |     Sign Up    bob@example.com    ${server}
    |     ${mail} =    Wait For Message    recipient=bob@example.com    subject=Welcome*
    |     Message Should Contain    ${mail}    Thank you for signing up
    |     ${link} =    Get Link From Message    ${mail}    */confirm/*
    |
    | ***** Keywords *****
    | Sign Up
    |     [Arguments]    ${address}    ${server}
    |     VAR    ${mail}    Subject: Welcome\n\nThank you for signing up: https://shop.example/confirm/1
    |     VAR    ${client}    ${{smtplib.SMTP($server.host, $server.port)}}
    |     Evaluate    $client.sendmail("shop@example.com", $address, $mail)
    |     Evaluate    $client.quit()

    Tests do not need to sleep or poll: a message is available before the server tells the application that it was
    accepted, and a wait ends as soon as the message arrives.

    When an assertion or a wait fails, the error says what was expected, what arrived, and which messages came closest.
    For any failed test that used a server, whichever keyword failed, ``log.html`` shows the messages and sessions of
    the test at that keyword: the client on the left, the server on the right, refusals in red with their causes, and
    messages collapsed. `Log Message` and `Log Session Transcript` log messages and sessions at any time, and
    `Save Messages` saves all messages of a test.

    = Selecting messages =

    Keywords that return, count or check messages accept criteria, which are optional named arguments. A message matches
    if it meets all of them. All keywords refer to accepted messages unless ``accepted`` says otherwise:
    ``accepted=False`` selects the attempts to send a message that were refused or broken off.

    %CRITERIA%

    A value with ``*`` is a pattern that must match as a whole, where ``*`` stands for any characters:
    ``recipient=*@example.com``, ``subject=Welcome*``. A value that starts with ``REGEXP:`` is a regular expression,
    which is searched for: ``subject=REGEXP:^Order [0-9]+$``. ``${None}`` has the same effect as omitting the criterion,
    except for ``accepted``.

    Messages have attributes that tests can use directly: ``${mail.subject}``, ``${mail.text}``, ``${mail.html}``,
    ``${mail.sender}``, ``${mail.recipients}``, ``${mail.refused_recipients}``, ``${mail.headers}[X-Id]``,
    ``${mail.attachments}``, ``${mail.links}``, ``${mail.raw}`` and others.

    *NOTE:* Robot Framework displays an error that starts with ``*HTML*`` as HTML, and a hostile message can make an
    error start with it: ``Should Be Equal    ${mail.subject}    Welcome`` fails with an error that starts with the
    subject. The library prevents this: once a running server has received ``*HTML*``, errors are displayed as text for
    the rest of the run. It cannot prevent it after the server has been stopped or its messages purged, in suites that
    do not import the library, or if a test logs a message with ``html=True`` or ``level=HTML``. There, pass the
    expected value first (``Should Be Equal    Welcome    ${mail.subject}``), and never log a message as HTML.

    = Scripting the server =

    A rule changes the behaviour of the server at a stage of the session, if its conditions are met. It takes effect
    immediately. The following rules greylist the first two attempts for Bob, close the connection after the final dot
    of an invoice, and delay all replies by 50 ms:

    | Reply To Command    RCPT TO    450 4.7.1 Greylisted    recipient=bob@example.com    times=2
    | Drop Connection On    message    subject=Invoice*
    | Delay Command    *    50 ms

    The stages are ``connect``, ``HELO``, ``EHLO``, ``MAIL FROM``, ``RCPT TO`` (once for each recipient), ``DATA``,
    ``body`` (the first bytes of the message have arrived; no reply is due), ``message`` (the message is complete),
    ``RSET``, ``NOOP`` and ``QUIT``. If the server offers the extensions, there are also ``STARTTLS``, ``AUTH``,
    ``BDAT``, ``VRFY`` and ``HELP``. ``command`` with ``verb`` is any other command, such as EXPN. ``*`` stands for all
    stages.

    The words of a rule are optional named arguments:

    %RULE_WORDS%

    The values of conditions are matched like those of criteria (see `Selecting messages`). If several rules match that
    reply or break the connection, the newest one applies. Rules that only slow the server down apply in addition. In
    transcripts, each reply names the rule that caused it.

    Keywords that add a rule return it, so that it can be passed to `Rule Should Have Been Used` and `Remove Rule`. A
    rule that is never used proves nothing: with the setting ``strict`` of `Start SMTP Mock`, a test that would pass
    without using its rules fails.

    = Lifetime of servers =

    A server that is not stopped by a keyword is stopped automatically: at the end of the test that started it, or at
    the end of the suite if the suite setup started it. See `AutoStop` for other options. Several servers can run at the
    same time, each with an alias. Keywords use the server that was started last, unless `Switch SMTP Mock` selects
    another. By default, ports are assigned by the system, so that parallel runs, such as those of Pabot, do not
    conflict. A test or keyword timeout ends a wait immediately.

    = Inline assertions =

    Getters that accept ``assertion_operator`` can also check the value: ``Get Message Count    ==    2``. This requires
    [https://github.com/MarketSquare/AssertionEngine|AssertionEngine], which ``pip install smtpmock[assertions]``
    installs.
    """

    def __init__(self, *, auto_stop: AutoStop = AutoStop.TEST) -> None:
        """``auto_stop`` defines when servers are stopped automatically; `Start SMTP Mock` can override it."""
        self.servers = Servers(auto_stop)
        self.evidence = TestEvidence(self.servers)
        self._markup = MarkupGuard(self.servers)

    # The listener.

    def start_suite(self, data: Any, result: Any) -> None:
        """Begin the evidence of the suite setup."""
        self.evidence.begin()

    def start_test(self, data: Any, result: Any) -> None:
        """Begin the evidence of the test."""
        self.evidence.begin()

    def end_body_item(self, data: Any, result: Any) -> None:
        """Write what a keyword caused to the log."""
        if result.failed and isinstance(result, Keyword):
            self.evidence.hint = suggestion(self, result.name or "", result.args, result.message) or self.evidence.hint
        self.evidence.end_item(result)

    def log_message(self, message: Any) -> None:
        """Show an error that a client could have made HTML as text."""
        self._markup.guard_message(message)

    def end_test(self, data: Any, result: Any) -> None:
        """Fail a test that left a rule of a strict server unused, complete its message, and stop its servers."""
        failure = self.servers.unused_rules() if result.passed else ""
        if failure:
            result.status, result.message = "FAIL", failure
        try:
            self._markup.guard_result(result)
            self.evidence.end_test(result)
        finally:
            self.servers.end_test()
            self.evidence.begin()

    def end_suite(self, data: Any, result: Any) -> None:
        """Stop the servers of the suite."""
        try:
            self._markup.guard_result(result)
        finally:
            self.servers.end_suite(result.full_name)
            self.evidence.begin()

    def close(self) -> None:
        """Stop all servers at the end of the run."""
        self.servers.end_all()


SMTPMockLibrary.__doc__ = (
    (SMTPMockLibrary.__doc__ or "")
    .replace("%CRITERIA%", criteria_table().replace("\n", "\n    "))
    .replace("%RULE_WORDS%", rule_words_table().replace("\n", "\n    "))
)
