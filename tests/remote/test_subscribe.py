"""Changes at a server elsewhere, as those who subscribe are told of them."""

from __future__ import annotations

import re
from queue import Queue

import pytest

from smtpmock import Change, RemoteMock, SMTPMockError, connect
from tests.raw_client import SECONDS
from tests.remote.proxy import answering, proxy_of


def deliver(server, count=1):
    return [server.deliver(b"Subject: hi\r\n\r\n", "a@example.com", ["b@example.com"]).id for _ in range(count)]


def test_each_change_since_is_told(server):
    changes: Queue[Change] = Queue()
    deliver(server)
    with connect(server.http_url) as mock:
        unsubscribe = mock.subscribe(changes.put)
        [message] = deliver(server)
        rule = server.fail_next()
        server.purge()
        told = [changes.get(timeout=SECONDS) for _ in range(3)]
        assert [(change.topic, change.action, change.ids) for change in told] == [
            ("message", "added", (message,)),
            ("rule", "added", (rule.id,)),
            ("purge", "all", ()),
        ]
        unsubscribe()
        deliver(server)
        assert mock.wait_for_message().subject == "hi"
    assert changes.empty()


def test_what_happens_while_a_proxy_restarts_is_told_afterwards(server):
    changes: Queue[Change] = Queue()
    with proxy_of(server) as proxy, connect(f"http://127.0.0.1:{proxy.port}") as mock:
        unsubscribe = mock.subscribe(changes.put)
        expected = deliver(server, 2)
        assert [changes.get(timeout=SECONDS).ids[0] for _ in expected] == expected
        proxy.stop()
        expected = deliver(server, 3)
        proxy.start()
        expected += deliver(server, 2)
        assert [changes.get(timeout=SECONDS).ids[0] for _ in expected] == expected
        unsubscribe()


def test_a_server_that_cannot_tell_is_an_error_at_once():
    with answering(500, "text/plain", b"") as url, pytest.raises(SMTPMockError) as caught:
        RemoteMock(url).subscribe(print)
    assert re.fullmatch(r"The SMTP mock at \S+ cannot be reached: status 500\.", str(caught.value))
