"""The application reads its UTF-8 templates as Latin-1."""

import pytest
from mailer import compose, send

from smtpmock import SMTPMock

TEMPLATE = "Größe M ist wieder da".encode()


def notify(address, server):
    send(server, compose(address, TEMPLATE.decode("latin-1"), "Hello"))


@pytest.fixture(scope="module")
def mail_server():
    with SMTPMock() as mock:
        yield mock


def test_notification(mail_server):
    notify("bob@example.com", mail_server)
    assert mail_server.message().subject == "Größe M ist wieder da"
