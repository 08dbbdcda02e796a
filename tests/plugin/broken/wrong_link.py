"""The application links to the machine on which it was developed."""

from mailer import compose, send


def sign_up(address, server):
    text = "Confirm: http://localhost:8000/confirm/abc123\nImprint: https://shop.example.com/imprint"
    send(server, compose(address, "Please confirm", text))


def test_link(smtpmock):
    sign_up("bob@example.com", smtpmock)
    link = smtpmock.message(recipient="bob@example.com").link("https://shop.example.com/confirm/*")
    assert link.endswith("abc123")
