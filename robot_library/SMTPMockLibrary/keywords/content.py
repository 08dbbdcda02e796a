"""What one message says."""

import re
from pathlib import Path
from typing import Any

from robot.api import logger
from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from smtpmock.mail.attachments import Attachment
from smtpmock.mail.links import read_html
from smtpmock.messages.message import Message
from smtpmock.queries.query import conditions_of, shown
from smtpmock.rfc.grammar import address_key
from smtpmock.text import shortened
from SMTPMockLibrary.failures import Keywords, assertion
from SMTPMockLibrary.types import Text


class ContentKeywords(Keywords):
    """Keywords that take a message."""

    @keyword("Message Should Contain", tags=("Assertion",))
    @assertion
    def message_should_contain(self, mail: Message, text: Text) -> None:
        """Fails if the text is neither in the plain text of a message nor in its HTML, as it is read on the screen.

        White space and line ends are not told apart, so that a text is found wherever its lines were broken.
        A ``*`` stands for any text; ``REGEXP:`` begins a regular expression.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Message Should Contain    ${mail}    Thank you for signing up
        | Message Should Contain    ${mail}    Dear *, thank you
        """
        wanted: Any = text
        if isinstance(wanted, str):
            wanted = _one_line(wanted)
            wanted = f"*{wanted}*" if "*" in wanted else wanted
        [(_, matches)] = conditions_of({"text": wanted})
        says = [_one_line(mail.text), _one_line(read_html(mail.html)[0])]
        if not any(map(matches, says)):
            said = next(filter(None, says), "")
            raise AssertionError(
                f"The message does not contain {shown(text)}; "
                + (f"it says {shortened(said, 1000)!r}." if said else "it has no text at all.")
            )

    @keyword("Message Should Have Attachment", tags=("Assertion",))
    @assertion
    def message_should_have_attachment(
        self, mail: Message, name: Text | None = None, *, content_type: Text | None = None
    ) -> Attachment:
        """Fails unless exactly one attachment of a message has that name and content type; returns it.

        The attachment has ``name``, ``content_type``, ``size`` and ``content``, which is bytes.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${terms} =    Message Should Have Attachment    ${mail}    terms*.pdf    content_type=application/pdf
        | Should Be True    ${terms.size} > 0
        """
        return _attachment(mail, name=name, content_type=content_type)

    @keyword("Save Attachment", tags=("Getter",))
    @assertion
    def save_attachment(self, mail: Message, name: Text | None = None, *, folder: Path | None = None) -> Path:
        """Saves the only attachment of a message, or the only one of that name, to a new file; returns its path.

        The folder is that of the output of the run unless told otherwise. The file stays in it whatever the mail says
        that it is called, and nothing is overwritten: a name that is taken gets a number.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${path} =    Save Attachment    ${mail}    terms.pdf    folder=${TEMPDIR}
        | Should Be Equal    ${path.suffix}    .pdf
        """
        found = _attachment(mail, name=name)
        path = found.save(folder or Path(BuiltIn().get_variable_value("${OUTPUT DIR}")))
        logger.info(f"Saved {found!r} as {path}")
        return path

    @keyword("Get Link From Message", tags=("Getter",))
    @assertion
    def get_link_from_message(self, mail: Message, pattern: Text | None = None) -> str:
        """Returns the only link in a message, or the only one that matches; links of its HTML count as well.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${link} =    Get Link From Message    ${mail}    */confirm/*
        | Should Start With    ${link}    https://shop.example.com/
        """
        return mail.link(pattern)  # type: ignore[arg-type]  # its reader has made it a text or an expression

    @keyword("Get Code From Message", tags=("Getter",))
    @assertion
    def get_code_from_message(self, mail: Message, pattern: str | None = None) -> str:
        """Returns the one-time code in a message.

        That is the only group of 4 to 8 digits which stands alone: not in a word, link, address, date, time, price or
        longer number. Where the code looks different, ``pattern`` is a regular expression, and the code is its first
        group.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${code} =    Get Code From Message    ${mail}
        | Should Be Equal    ${code}    493021
        | ${same} =    Get Code From Message    ${mail}    code is ([0-9]+)
        | Should Be Equal    ${code}    ${same}
        """
        return mail.code(pattern)

    @keyword("Recipient Should Be Hidden", tags=("Assertion",))
    @assertion
    def recipient_should_be_hidden(self, mail: Message, recipient: str) -> None:
        """Fails unless a message went to that recipient and no header of it shows so, as with ``Bcc``.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Recipient Should Be Hidden    ${mail}    archive@example.com
        """
        if address_key(recipient) not in map(address_key, mail.recipients):
            raise AssertionError(
                f"The message did not go to {recipient!r}; it went to {', '.join(mail.recipients) or 'nobody'}."
            )
        # Neither in the middle of another address nor as its beginning.
        address = re.compile(rf"(?<![\w.+-]){re.escape(recipient)}(?![\w-]|\.\w)", re.IGNORECASE)
        for name, value in mail.headers.items():
            if address.search(value):
                raise AssertionError(
                    f"The recipient {recipient!r} is not hidden: the header {name} is {shortened(value, 200)!r}."
                )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _attachment(mail: Message, **wanted: Any) -> Attachment:
    given = {word: value for word, value in wanted.items() if value is not None}
    matchers = {word: conditions_of({"attachment": value})[0][1] for word, value in given.items()}
    found = [
        attachment
        for attachment in mail.attachments
        if all(matches(getattr(attachment, word)) for word, matches in matchers.items())
    ]
    if len(found) == 1:
        return found[0]
    sought = "".join(f" with {word}={shown(value)}" for word, value in given.items())
    listed = ", ".join(map(repr, mail.attachments)) or "none"
    number = f"has {len(found)} attachments" if found else "has no attachment"
    raise AssertionError(f"The message {number}{sought}, where exactly one should be; attached is: {listed}.")
