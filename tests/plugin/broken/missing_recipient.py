"""The application leaves out the last recipient of its newsletter."""

from mailer import compose, send

SUBSCRIBERS = [f"subscriber{number:02}@example.com" for number in range(1, 51)]


def send_newsletter(server):
    send(server, compose("news@example.com", "News", "Hello"), SUBSCRIBERS[:49])


def test_newsletter(smtpmock):
    send_newsletter(smtpmock)
    smtpmock.assert_recipients(SUBSCRIBERS, subject="News")
