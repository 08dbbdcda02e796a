"""The application sends an HTML part and no plain text."""

from mailer import compose, send


def sign_up(address, server):
    mail = compose(address, "Welcome", "")
    mail.set_content("<p>Your code is <b>123456</b>.</p>", subtype="html")
    send(server, mail)


def test_welcome(smtpmock):
    sign_up("bob@example.com", smtpmock)
    mail = smtpmock.message(recipient="bob@example.com")
    assert "Your code is 123456." in mail.text
