"""The application sends nothing: its mail is switched off."""

from mailer import compose, send

MAIL_ENABLED = False


def sign_up(address, server):
    if MAIL_ENABLED:
        send(server, compose(address, "Welcome", "Your code is 123456."))


def test_welcome(smtpmock):
    sign_up("bob@example.com", smtpmock)
    mail = smtpmock.wait_for_message(timeout=0.2, recipient="bob@example.com", subject="Welcome")
    assert mail.code() == "123456"
