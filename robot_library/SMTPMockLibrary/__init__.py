"""The Robot Framework library: `Library    SMTPMockLibrary`."""

from typing import Any

from robot.api.deco import library

from smtpmock import __version__
from SMTPMockLibrary.keywords import (
    AssertionKeywords,
    ContentKeywords,
    GetterKeywords,
    RuleKeywords,
    SecurityKeywords,
    ServerKeywords,
    SessionKeywords,
    StandardKeywords,
    WaitKeywords,
)
from SMTPMockLibrary.servers import AutoStop, MockServer, Servers
from SMTPMockLibrary.types import CONVERTERS

__all__ = ["AutoStop", "MockServer", "SMTPMockLibrary"]


@library(scope="GLOBAL", version=__version__, doc_format="ROBOT", listener="SELF", converters=CONVERTERS)
class SMTPMockLibrary(
    ServerKeywords,
    GetterKeywords,
    WaitKeywords,
    AssertionKeywords,
    ContentKeywords,
    SessionKeywords,
    RuleKeywords,
    StandardKeywords,
    SecurityKeywords,
):
    """An SMTP server for tests: it keeps what an application sends, and says why when a test fails.

    %TOC%

    = How it works =

    `Start SMTP Mock` starts a server on a free port of this machine. Tell your application to send its mail there,
    let it work, and ask what arrived:

    | ***** Settings *****
    | Library           SMTPMockLibrary
    | Library           Process
    | Test Teardown     Stop SMTP Mock
    |
    | ***** Test Cases *****
    | Signing Up Sends A Link
    |     ${server} =    Start SMTP Mock
    |     Run Process    my-application    sign-up    bob@example.com    env:SMTP_PORT=${server.port}
    |     ${mail} =    Wait For Message    recipient=bob@example.com    subject=Welcome*
    |     Message Should Contain    ${mail}    Thank you for signing up
    |     ${link} =    Get Link From Message    ${mail}    */confirm/*

    Nothing is polled and no test has to sleep: a mail is there before the application is told that it was accepted,
    and a wait ends at the moment in which the mail arrives.

    When an assertion or a wait fails, its text says what was expected, what arrived and what came near. ``log.html``
    shows the whole conversation with the failed keyword: the client at the left, the server at the right, refusals in
    red with what made them, mails folded. `Log Session Transcript` shows it at any time.

    = Which messages are meant =

    Keywords that speak of several messages, or look for one, take criteria, all of them by name and all optional; what
    has to be true of a message is all of what is given.

    | =Criterion=  | =Looks at=                                              | =A plain value=                     |
    | recipient    | the recipients of the envelope, Bcc included            | is the whole address                |
    | sender       | the sender of the envelope                              | is the whole address                |
    | subject      | the decoded subject                                     | is contained                        |
    | text         | the decoded plain text                                  | is contained                        |
    | html         | the decoded HTML                                        | is contained                        |
    | attachment   | the file names of what is attached                      | is contained                        |
    | link         | the links in text and HTML                              | is contained                        |
    | header       | a header, as in ``X-Id: 42`` or ``${{{'X-Id': '42'}}}`` | is contained                        |
    | helo_name    | the name that the client gave with HELO or EHLO         | is the whole name                   |
    | client       | the address of the client                               | is the whole address                |
    | user         | who has logged in with AUTH                             | is the whole name                   |
    | size         | the bytes of the message                                | is equal; ``>= 1000`` compares      |
    | since        | when it arrived                                         | a moment (`Get Mark`) or a message  |
    | consistent   | whether it was accepted                                 | see below                           |

    ``consistent`` is True unless told otherwise: accepted mail is meant. With False, refused and broken-off mail is,
    with ``None`` both.

    A ``*`` stands for any text, and then the value is the whole, as in ``recipient=*@example.com`` and
    ``subject=Welcome*``. A value that starts with ``REGEXP:`` is a regular expression to be found, as in
    ``subject=REGEXP:^Order [0-9]+$``. ``${None}`` is the same as leaving the criterion out, except for ``consistent``.

    What a keyword returns as a message has attributes that can be used directly: ``${mail.subject}``, ``${mail.text}``,
    ``${mail.html}``, ``${mail.sender}``, ``${mail.recipients}``, ``${mail.headers}[X-Id]``, ``${mail.attachments}``,
    ``${mail.links}``, ``${mail.raw}`` and others.

    = Scripted behaviour =

    A rule says: at this stage, if these conditions hold, so many times, do that. It holds at once. This greylists the
    first two attempts for Bob, drops the line after the final dot of the invoice, and makes all replies 50 ms late:

    | Reply To Command    RCPT TO    450 4.7.1 Greylisted    recipient=bob@example.com    times=2
    | Drop Connection On    message    subject=Invoice*
    | Delay Command    *    50 ms

    The stages are ``connect``, ``HELO``, ``EHLO``, ``MAIL FROM``, ``RCPT TO`` (for each recipient), ``DATA``, ``body``
    (the first bytes of the message are there; nothing is answered), ``message`` (it is complete), ``RSET``, ``NOOP``,
    ``QUIT``, where the server offers them ``STARTTLS``, ``AUTH``, ``BDAT``, ``VRFY`` and ``HELP``, and ``*`` for all.

    The words of a rule are given by name, all of them optional:

    | =Word=       | =Meaning=                                                                                  |
    | client       | if the address of the client is this                                                       |
    | helo_name    | if this is the name in HELO or EHLO                                                        |
    | user         | if this user has logged in; at ``AUTH`` and later                                          |
    | sender       | if this is the sender of the envelope; at ``MAIL FROM`` and later                          |
    | recipient    | if this is a recipient of the envelope; at ``RCPT TO`` and later                           |
    | subject      | if this is in the subject; at ``message``                                                  |
    | header       | if a header is this; at ``message``                                                        |
    | text         | if this is in the plain text; at ``message``                                               |
    | size         | if the message has so many bytes; at ``message``, and at ``MAIL FROM`` if announced        |
    | times        | at most so many times                                                                      |
    | after        | not the first so many times                                                                |
    | every        | only each such time: 3 means the third, the sixth, …                                       |
    | probability  | by chance, from 0 to 1                                                                     |
    | seed         | where chance begins; the same seed makes the same run                                      |
    | per          | counted apart for each ``recipient``, ``sender`` or ``session``                            |
    | reply        | answer this                                                                                |
    | delay        | wait so long before the reply                                                              |
    | jitter       | make the delay longer or shorter by so much, by chance                                     |
    | drip         | send the reply so slowly, in bytes per second                                              |
    | throttle     | read the message so slowly, in bytes per second                                            |
    | then         | ``close``, ``reset``, ``silence``, ``half``, ``garbage`` or ``accept``                     |
    | tls          | ``expired``, ``wrong-host``, ``unknown-authority``, ``refuse`` or ``cut``; at ``STARTTLS`` |

    Values of conditions are like those of criteria above. Of the rules that reply or break the connection, the newest
    that matches decides; delays of rules that only slow down come on top. In transcripts a reply names its rule.

    A keyword that makes a rule returns it, for `Rule Should Have Been Used` and `Remove Rule`. A rule that never
    applied proves nothing: with the setting ``strict`` of `Start SMTP Mock` it fails the test that has passed without
    using it.

    = Life of a server =

    A server that a test starts and does not stop is stopped when the test ends, one that a suite setup starts when that
    suite ends; see `AutoStop`. Several servers can run at once: each has an alias, keywords speak to the one that was
    started last, and `Switch SMTP Mock` changes that. Ports are free ones unless told otherwise, so that parallel runs,
    as with Pabot, do not meet. A timeout of a test or keyword ends a wait at once.

    = Comparing getters =

    With ``pip install smtpmock[assertions]``, which brings
    [https://github.com/MarketSquare/AssertionEngine|AssertionEngine], getters that take ``assertion_operator`` compare
    what they get: ``Get Message Count    ==    2``. Without it they just return it.
    """

    def __init__(self, *, auto_stop: AutoStop = AutoStop.TEST) -> None:
        """``auto_stop`` says when servers are stopped that nobody has stopped; `Start SMTP Mock` can say otherwise."""
        self.servers = Servers(auto_stop)

    # The listener.

    def start_test(self, data: Any, result: Any) -> None:
        """Looks which rules are older than the test."""
        self.servers.begin_test()

    def end_test(self, data: Any, result: Any) -> None:
        """Stops what the test started; fails the test if it left a rule of a strict server unused."""
        failure = self.servers.unused_rules() if result.passed else ""
        if failure:
            result.status, result.message = "FAIL", failure
        self.servers.end_test()

    def end_suite(self, data: Any, result: Any) -> None:
        """Stops what the suite started."""
        self.servers.end_suite(result.full_name)

    def close(self) -> None:
        """Stops what still runs when the run ends."""
        self.servers.end_all()
