"""The content of a message."""

import re
from pathlib import Path
from reprlib import Repr
from typing import Any

from robot.api import logger
from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn

from SMTPMockLibrary.api import Attachment, Message, address_key, format_value, text_matcher
from SMTPMockLibrary.failures import Keywords, assertion, explain_failures
from SMTPMockLibrary.types import LogLevel, Text

_repr = Repr()
_repr.maxstring = 1000


class ContentKeywords(Keywords):
    """Keywords that take a message as their argument."""

    @keyword("Message Should Contain", tags=("Assertion",))
    @assertion
    def message_should_contain(self, mail: Message, text: Text) -> None:
        """Fails unless the plain text of the message, or the visible text of its HTML, contains ``text``.

        Any sequence of spaces and line breaks is treated as one space, so that line wrapping does not matter.
        ``*`` stands for any characters, and ``REGEXP:`` starts a regular expression.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Message Should Contain    ${mail}    Thank you for signing up
        | Message Should Contain    ${mail}    Dear *, thank you
        """
        wanted: Any = text
        if isinstance(wanted, str):
            wanted = _one_line(wanted)
            wanted = f"*{wanted}*" if "*" in wanted else wanted
        texts = [_one_line(mail.text), _one_line(mail.html_text)]
        if not any(map(text_matcher(wanted), texts)):
            actual = next(filter(None, texts), "")
            raise AssertionError(
                f"The message does not contain {format_value(text)}. "
                + (f"Its text is {_repr.repr(actual)}." if actual else "It has no text.")
            )

    @keyword("Message Should Have Attachment", tags=("Assertion",))
    @assertion
    def message_should_have_attachment(
        self, mail: Message, name: Text | None = None, *, content_type: Text | None = None
    ) -> Attachment:
        """Fails unless exactly one attachment of the message has the given name and content type. Returns it.

        An attachment has the attributes ``name``, ``content_type``, ``size`` and ``content`` (bytes).

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${terms} =    Message Should Have Attachment    ${mail}    terms*.pdf    content_type=application/pdf
        | Should Be True    ${terms.size} > 0
        """
        return _attachment(mail, name=name, content_type=content_type)

    @keyword("Save Attachment", tags=("Getter",))
    @assertion
    def save_attachment(self, mail: Message, name: Text | None = None, *, folder: Path | None = None) -> Path:
        """Saves the only attachment of the message, or the only one with the given name, and returns the path.

        The default ``folder`` is the output directory of the run. The file is always created inside that folder,
        whatever its name in the message is. Existing files are not overwritten: a number is added to the name instead.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${path} =    Save Attachment    ${mail}    terms.pdf    folder=${TEMPDIR}
        | Should Be Equal    ${path.suffix}    .pdf
        """
        found = _attachment(mail, name=name)
        path = found.save(folder or Path(BuiltIn().get_variable_value("${OUTPUT DIR}")))
        logger.info(f"Saved {found!r} as {path}")
        return path

    @keyword("Log Message", tags=("Getter",))
    @explain_failures
    def show_message(self, mail: Message, *, level: LogLevel = "INFO") -> None:
        """Logs the message: its envelope, headers, text, HTML and attachments.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Log Message    ${mail}
        """
        logger.write(mail.html_report(), level, html=True)

    @keyword("Get Link From Message", tags=("Getter",))
    @assertion
    def get_link_from_message(self, mail: Message, pattern: Text | None = None) -> str:
        """Returns the only link in the message, or the only one that matches. Fails if there is none or more than one.

        The text and the HTML of the message are searched.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${link} =    Get Link From Message    ${mail}    /confirm/
        | Should Start With    ${link}    https://shop.example.com/
        """
        return mail.link(pattern)  # type: ignore[arg-type]  # its reader has made it a text or an expression

    @keyword("Get Code From Message", tags=("Getter",))
    @assertion
    def get_code_from_message(self, mail: Message, pattern: str | None = None) -> str:
        """Returns the one-time code in the message. Fails if there is none or more than one.

        By default, a code is a group of 4 to 8 digits that is not part of a word, link, address, date, time, price or
        longer number. For other codes, ``pattern`` is a regular expression whose first group is the code.

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
        """Fails unless the message was sent to the given recipient and no header reveals it, as with ``Bcc``.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Recipient Should Be Hidden    ${mail}    archive@example.com
        """
        if address_key(recipient) not in map(address_key, mail.recipients):
            actual = ", ".join(map(repr, mail.recipients)) or "no recipients"
            raise AssertionError(f"The message was not sent to {recipient!r}, but to {actual}.")
        # The address must not be part of a longer one.
        address = re.compile(rf"(?<![\w.+-]){re.escape(recipient)}(?![\w-]|\.\w)", re.IGNORECASE)
        for name, value in mail.headers.items():
            if address.search(value):
                raise AssertionError(
                    f"The recipient {recipient!r} is not hidden: the header {name!r} is {_repr.repr(value)}."
                )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _attachment(mail: Message, **wanted: Any) -> Attachment:
    given = {word: value for word, value in wanted.items() if value is not None}
    matchers = {word: text_matcher(value) for word, value in given.items()}
    found = [
        attachment
        for attachment in mail.attachments
        if all(matches(getattr(attachment, word)) for word, matches in matchers.items())
    ]
    if len(found) == 1:
        return found[0]
    asked = ", ".join(f"{word}={format_value(value)}" for word, value in given.items())
    attached = ", ".join(map(repr, mail.attachments)) or "none"
    raise AssertionError(
        f"Expected one attachment{f' with {asked}' if asked else ''}, found {len(found)}. "
        f"Attachments of the message: {attached}."
    )
