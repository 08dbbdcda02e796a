"""The mail of `smtpmock serve --demo`: a dozen telling messages and sessions, sent over SMTP as applications do."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from smtplib import SMTP, SMTPException
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smtpmock import SMTPMock

_SECONDS = 10
_POLICY = SMTP_POLICY.clone(cte_type="7bit")
_SHOP = "shop@example.com"
_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40">'
    '<rect width="120" height="40" rx="8" fill="#0b57b5"/>'
    '<text x="60" y="26" fill="#fff" font-family="sans-serif" text-anchor="middle">Shop</text></svg>'
)
_PAGE = (
    '<div style="font-family:sans-serif;max-width:36em;margin:auto"><img src="cid:logo" alt="Shop">'
    "<h1>{title}</h1><p>{text}</p><p>{rest}</p></div>"
)


def send_demo(mock: SMTPMock) -> None:
    """Send the mails and hold the sessions, and leave the rules by which some of them are refused.

    Args:
        mock: A running server.

    Example:
        >>> from smtpmock import SMTPMock
        >>> with SMTPMock() as mock:
        ...     send_demo(mock)
        ...     len(mock.messages()), [message.state for message in mock.messages(accepted=False)]
        (10, ['RCPT TO refused', 'RCPT TO refused', 'RCPT TO refused'])
    """
    mock.greylist(retry_after=300, recipient="*@slow.example")
    mock.reject_recipient("*@gone.example")
    confirm = '<a href="https://shop.example/confirm/7f3a">Confirm your address</a>'
    _send(mock, _mail("Welcome to the shop", "ann@example.com", "Confirm: https://shop.example/confirm/7f3a", confirm))
    _send(mock, _mail("493021 is your code", "bob@example.com", "Your code is 493021. It is valid for ten minutes."))
    invoice = _mail("Invoice 2026-118", "ann@example.com", "The invoice is attached.", "It is due in 14 days.")
    invoice.add_attachment(b"%PDF-1.4\n%%EOF\n", maintype="application", subtype="pdf", filename="invoice.pdf")
    _send(mock, invoice, bcc="accounts@example.com")
    mock.update_messages(subject="Invoice *", tags=["billing"])
    remote = '<img src="https://shop.example/banner.png" alt="A banner that is loaded only when you ask for it">'
    _send(mock, _mail("News of the week", "bob@example.com", "Ten new lamps.", remote), sender="news@example.com")
    _send(mock, _mail("Grüße aus Zürich 🎉", "zoe@example.com", "Alles Gute!"))
    _send(mock, _mail("أهلا وسهلا", "omar@example.com", "شكرا لتسجيلك."))
    _send(mock, _mail("", "bob@example.com", "This message has an empty subject."))
    _send(mock, _mail("Delivery failed", "shop@example.com", "The address does not exist."), sender="")

    greylisted = _mail("Your parcel is on its way", "carl@slow.example", "Track it: https://shop.example/track/42")
    _send(mock, greylisted)
    mock.clock.advance(300)
    _send(mock, greylisted)
    _send(mock, _mail("We miss you", "dora@gone.example", "Come back!"))
    _send_badly(mock)
    _connect_and_leave(mock)


def _mail(subject: str, to: str, text: str, rest: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, f"The Shop <{_SHOP}>", to
    mail["Date"], mail["Message-ID"] = "Sat, 21 Nov 2026 10:30:00 +0000", f"<{len(text)}.{len(subject)}@shop.example>"
    mail.set_content(text)
    if rest:
        mail.add_alternative(_PAGE.format(title=subject, text=text, rest=rest), subtype="html")
        [_, page] = mail.iter_parts()
        page.add_related(_LOGO.encode(), "image", "svg+xml", cid="<logo>")
    return mail


def _client(mock: SMTPMock) -> SMTP:
    return SMTP(mock.host, mock.port, local_hostname="shop.example", timeout=_SECONDS)


def _send(mock: SMTPMock, mail: EmailMessage, *, sender: str = _SHOP, bcc: str = "") -> None:
    """Send a mail; some are meant to be refused."""
    with _client(mock) as client:
        try:
            client.sendmail(sender, [mail["To"], *([bcc] if bcc else [])], mail.as_bytes(policy=_POLICY))
        except SMTPException:
            return  # the inbox shows why


def _send_badly(mock: SMTPMock) -> None:
    """Send what violates the standards: bare line feeds, and no From."""
    with _client(mock) as client:
        client.ehlo()
        client.mail(_SHOP)
        client.rcpt("bob@example.com")
        client.putcmd("data")
        client.getreply()
        client.send(b"Subject: Sent by hand\r\n\r\nThis line ends in a bare LF.\nSo it goes.\r\n.\r\n")
        client.getreply()


def _connect_and_leave(mock: SMTPMock) -> None:
    """Greet, ask for a recipient before there is a sender, and leave."""
    with _client(mock) as client:
        client.ehlo()
        client.rcpt("bob@example.com")
