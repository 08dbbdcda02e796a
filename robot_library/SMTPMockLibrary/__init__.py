"""The Robot Framework library: `Library    SMTPMockLibrary`."""

from typing import Any

from robot.api.deco import library

from smtpmock import __version__
from SMTPMockLibrary.keywords import (
    AssertionKeywords,
    ContentKeywords,
    GetterKeywords,
    ServerKeywords,
    SessionKeywords,
    WaitKeywords,
)
from SMTPMockLibrary.servers import AutoStop, MockServer, Servers
from SMTPMockLibrary.types import CONVERTERS

__all__ = ["AutoStop", "MockServer", "SMTPMockLibrary"]


@library(scope="GLOBAL", version=__version__, doc_format="ROBOT", listener="SELF", converters=CONVERTERS)
class SMTPMockLibrary(
    ServerKeywords, GetterKeywords, WaitKeywords, AssertionKeywords, ContentKeywords, SessionKeywords
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

    def end_test(self, data: Any, result: Any) -> None:
        """Stops what the test started."""
        self.servers.end_test()

    def end_suite(self, data: Any, result: Any) -> None:
        """Stops what the suite started."""
        self.servers.end_suite(result.full_name)

    def close(self) -> None:
        """Stops what still runs when the run ends."""
        self.servers.stop_all()
