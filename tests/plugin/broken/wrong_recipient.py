"""The application misspells the domain of the recipient."""

from mailer import compose, send


def sign_up(name, server):
    send(server, compose(f"{name}@exmaple.com", "Welcome", "Your code is 123456."))


def test_welcome(smtpmock):
    sign_up("bob", smtpmock)
    smtpmock.wait_for_message(timeout=0.2, recipient="bob@example.com")
