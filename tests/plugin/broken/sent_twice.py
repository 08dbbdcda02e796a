"""The application sends each invoice twice: the job is queued by the order and by the payment."""

from mailer import compose, send


def order(address, server):
    send(server, compose(address, "Invoice 4711", "12.00 EUR"))
    pay(address, server)


def pay(address, server):
    send(server, compose(address, "Invoice 4711", "12.00 EUR"))


def test_invoice(smtpmock):
    order("bob@example.com", smtpmock)
    mail = smtpmock.message(recipient="bob@example.com")
    assert mail.subject == "Invoice 4711"
