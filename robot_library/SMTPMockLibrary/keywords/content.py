"""The content of a message."""

import re
from reprlib import Repr
from typing import Literal

from robot.api import logger
from robot.api.deco import keyword

from SMTPMockLibrary.api import Attachment, Message, address_key
from SMTPMockLibrary.failures import Keywords, assertion
from SMTPMockLibrary.types import Text

_repr = Repr()
_repr.maxstring = 1000


class ContentKeywords(Keywords):
    """Keywords that check a message, or return a part of it."""

    @keyword("Message Should Contain", tags=("Assertion",))
    @assertion
    def message_should_contain(
        self,
        mail: Message,
        text: Text,
        *,
        part: Literal["any", "text", "html", "both"] = "any",
        ignore_case: bool = False,
    ) -> None:
        """Fails unless the plain text of the message, or the visible text of its HTML, contains ``text``.

        Any sequence of spaces and line breaks is treated as one space, so that line wrapping does not matter.
        ``*`` stands for any characters, and ``REGEXP:`` starts a regular expression. ``part`` selects what must contain
        it: ``text`` for the plain text, ``html`` for the HTML, or ``both``. The log names the parts that contain it.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Message Should Contain    ${mail}    Thank you for signing up
        | Message Should Contain    ${mail}    Dear *, thank you    part=text
        | Message Should Contain    ${mail}    THANK YOU    ignore_case=True
        """
        found = mail.assert_contains(text, part, ignore_case=ignore_case)
        logger.info(f"Parts that contain it: {', '.join(found)}")

    @keyword("Message Should Not Contain", tags=("Assertion",))
    @assertion
    def message_should_not_contain(
        self, mail: Message, text: Text, *, part: Literal["any", "text", "html"] = "any", ignore_case: bool = False
    ) -> None:
        """Fails if the plain text of the message, or the visible text of its HTML, contains ``text``.

        The arguments are those of `Message Should Contain`. By default, neither part may contain it.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Message Should Not Contain    ${mail}    {{ name }}
        | Message Should Not Contain    ${mail}    error    part=text    ignore_case=True
        """
        mail.assert_not_contains(text, part, ignore_case=ignore_case)

    @keyword("Message Header Should Be", tags=("Assertion",))
    @assertion
    def message_header_should_be(self, mail: Message, name: str, value: Text, *, ignore_case: bool = False) -> None:
        """Fails unless the message has the given header with the given value.

        The whole value must be equal, or match if it contains ``*`` or starts with ``REGEXP:``. If the message has the
        header several times, one value must match.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | Message Header Should Be    ${mail}    X-Campaign    autumn
        | Message Header Should Be    ${mail}    Subject    Welcome *
        """
        mail.assert_header(name, value, ignore_case=ignore_case)

    @keyword("Message Should Have Attachment", tags=("Assertion",))
    @assertion
    def message_should_have_attachment(
        self, mail: Message, name: Text | None = None, *, content_type: Text | None = None, min_size: int = 0
    ) -> Attachment:
        """Fails unless exactly one attachment of the message has the given name and content type. Returns it.

        ``min_size`` is the minimum number of bytes: with ``min_size=1``, an empty file does not count. An attachment
        has the attributes ``name``, ``content_type``, ``size`` and ``content`` (bytes).

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${terms} =    Message Should Have Attachment    ${mail}    terms*.pdf    content_type=application/pdf
        | Message Should Have Attachment    ${mail}    terms.pdf    min_size=10
        | Should Be True    ${terms.size} > 0
        """
        return mail.attachment(name, content_type=content_type, min_size=min_size)

    @keyword("Get Link From Message", tags=("Getter",))
    @assertion
    def get_link_from_message(self, mail: Message, pattern: Text | None = None, *, text: Text | None = None) -> str:
        """Returns the only link in the message, or the only one that matches. Fails if no link matches, or several do.

        The text and the HTML of the message are searched. ``pattern`` is compared with the address of the link, and
        ``text`` with the text of a link in the HTML, such as ``text=Confirm your address``.

        Example:
        | ${mail} =    Get Message    recipient=bob@example.com
        | ${link} =    Get Link From Message    ${mail}    /confirm/
        | Should Start With    ${link}    https://shop.example.com/
        """
        return mail.link(pattern, text=text)

    @keyword("Get Code From Message", tags=("Getter",))
    @assertion
    def get_code_from_message(self, mail: Message, pattern: str | None = None) -> str:
        """Returns the one-time code in the message. Fails if no code is found, or several are.

        The text is searched first, then the HTML, then the subject. By default, a code is a group of 4 to 8 digits that
        is not part of a word, link, address, date, time, price or longer number, or two groups such as ``123 456``. If
        there are several, the one next to a word such as "code" is returned, and those next to a word such as "order"
        are ignored. For other codes, ``pattern`` is a regular expression whose first group is the code.

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
