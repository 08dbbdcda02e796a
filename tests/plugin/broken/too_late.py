"""The application sends the mail when its queue is emptied, which is after the test has stopped waiting."""

from threading import Thread

import pytest
from mailer import compose, send


class Application:
    def __init__(self, server):
        self._server = server
        self._queue = []

    def sign_up(self, address):
        self._queue.append(compose(address, "Welcome", "Your code is 123456."))

    def shut_down(self):
        for mail in self._queue:
            worker = Thread(target=send, args=[self._server, mail])
            worker.start()
            worker.join()


@pytest.fixture
def application(smtpmock):
    application = Application(smtpmock)
    yield application
    application.shut_down()


def test_welcome(application, smtpmock):
    application.sign_up("bob@example.com")
    smtpmock.wait_for_message(timeout=0.2, recipient="bob@example.com")
