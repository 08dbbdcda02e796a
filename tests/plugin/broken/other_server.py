"""The application sends its newsletter by the server for invoices."""

from mailer import compose, send


def send_newsletter(address, servers):
    send(servers["invoices"], compose(address, "News", "Hello"))


def test_newsletter(smtpmock_factory):
    invoices = smtpmock_factory()
    newsletters = smtpmock_factory()
    send_newsletter("bob@example.com", {"invoices": invoices, "newsletters": newsletters})
    newsletters.wait_for_message(timeout=0.2, subject="News")
