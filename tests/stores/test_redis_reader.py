"""What a reader of Redis reads for the first time comes in the order of its last changes, not of its numbers."""

from __future__ import annotations

import pytest

from smtpmock.records.packed import pack
from smtpmock.records.session import Origin
from smtpmock.stores.redis.reader import Reader
from tests.growth import assert_linear
from tests.stores.records import STARTED, mail, numbers, said

_BYTES = 400  # about those of one message or session


class FakeLink:
    """A link whose answers are known; the last changed comes first."""

    def __init__(self, count):
        self.count = count
        origins = [Origin(f"s-{number}", 0, "192.0.2.1", 40000, "192.0.2.2", STARTED) for number in range(1, count + 1)]
        self._messages = []
        self._sessions = []
        for number, origin in reversed(list(enumerate(origins, 1))):
            name = b"%d" % number
            self._messages += [name, pack(mail(origin)).encode(), b"Subject: hello\r\n\r\n", b"", name]
            fields = [b"number", name, b"origin", pack(origin).encode(), b"count", b"1", b"forgotten", b"0"]
            self._sessions += [origin.session_id.encode(), fields, 1]

    def ask(self, script, *_):
        if script == "messages":
            return [b"token", 0, 1, b"1", self.count, self.count, 0, 0, self._messages]
        return [b"token", 0, 1, b"1", self._sessions]

    def tell(self, *_):
        return self

    def wait(self, _):
        return [b"0:" + pack((said(1, "connect", ""),)).encode()]


def test_messages_and_sessions_are_in_the_order_of_their_numbers():
    link = FakeLink(20)
    reader = Reader(lambda: link)
    reader.read_sessions()
    reader.read_messages()
    assert numbers(reader.mirror.select()) == list(range(1, 21))
    sessions = reader.mirror.sessions()
    assert [session.record.origin.session_number for session in sessions] == list(range(1, 21))
    assert [len(session.record.exchanges) for session in sessions] == [1] * 20


@pytest.mark.parametrize("read", ["read_messages", "read_sessions"])
def test_the_time_to_read_grows_with_what_there_is(read):
    def make(size):
        link = FakeLink(max(1, size // _BYTES))
        return Reader(lambda: link)

    assert_linear(make, lambda reader: getattr(reader, read)(), 4_000_000)
