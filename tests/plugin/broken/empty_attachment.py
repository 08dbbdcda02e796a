"""The application attaches an empty file: the invoice is rendered after the mail was composed."""

from mailer import compose, send


def order(address, server):
    mail = compose(address, "Invoice 4711", "Your invoice is attached.")
    mail.add_attachment(b"", maintype="application", subtype="pdf", filename="invoice.pdf")
    send(server, mail)


def test_invoice(smtpmock):
    order("bob@example.com", smtpmock)
    [invoice] = smtpmock.message(recipient="bob@example.com").attachments
    assert invoice.content.startswith(b"%PDF-")
