"""Where a file of SQLite is written: small messages in the hub thread, whatever may have to wait in another."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import gevent
import pytest

from smtpmock.runtime.hub import get_hub
from smtpmock.stores.sqlite import writer
from smtpmock.stores.sqlite.database import Database
from tests.stores.records import Stored, mail, said

AT_ONCE, THREAD = "at once", "thread"
LARGE = b"Subject: large\r\n\r\n" + b"x" * 300_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mails.db"


@pytest.fixture
def places(monkeypatch):
    """The places of the writes that carried something out, in their order."""
    found = []
    write = Database.write

    def note(self, facts, steps, settles, *, at_once=False):
        assert at_once == get_hub().is_current
        if steps:
            found.append(AT_ONCE if at_once else THREAD)
        return write(self, facts, steps, settles, at_once=at_once)

    monkeypatch.setattr(Database, "write", note)
    return found


@pytest.fixture
def store(path, places):
    """A store that has written to its log: the first write to a new one may wait for the disk."""
    opened = Stored(f"sqlite:///{path}", store_timeout=5)
    opened.mail(opened.session())
    places.clear()
    yield opened
    opened.close()


def add_together(store, records):
    """Add records in one group."""

    def add():
        greenlets = [gevent.spawn(store._store.add, record) for record in records]
        gevent.joinall(greenlets, raise_error=True)

    get_hub().call(add)


def test_the_first_message_waits_in_a_thread_and_the_next_ones_are_written_at_once(path, places):
    store = Stored(f"sqlite:///{path}")
    origin = store.session()
    places.clear()
    for _ in range(3):
        store.mail(origin)
    assert places == [THREAD, AT_ONCE, AT_ONCE]
    store.close()


def test_many_messages_or_large_ones_are_written_in_a_thread(store, places):
    origin = store.session()
    store.mail(origin)
    places.clear()
    add_together(store, [mail(origin) for _ in range(100)])
    add_together(store, [mail(origin) for _ in range(101)])
    store.mail(origin, LARGE)
    store.mail(origin)
    assert places == [AT_ONCE, THREAD, THREAD, AT_ONCE]
    assert len(store) == 1 + 1 + 100 + 101 + 1 + 1


def test_changes_of_what_is_there_are_written_in_a_thread(store, places):
    record = store.mail(store.session())
    places.clear()
    store.update([record.id], is_read=True)
    store.erase([record.id])
    store.purge()
    assert places == [THREAD, THREAD, THREAD]


def test_a_message_waits_in_a_thread_while_another_program_has_locked_the_file(store, places, path):
    origin = store.session()
    store.mail(origin)
    places.clear()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        record = mail(origin)
        waiting = get_hub().call(gevent.spawn, store._store.add, record)
        assert get_hub().call(waiting.join, 0.1) is None
        assert not waiting.ready()
        other.execute("ROLLBACK")
    assert get_hub().call(waiting.get).record == record
    assert places == [AT_ONCE, THREAD]


def test_nothing_is_written_at_once_for_a_while_after_a_write_that_had_to_wait(store, places, monkeypatch):
    origin = store.session()
    store.mail(origin)
    places.clear()
    monkeypatch.setattr(writer, "_TOO_LONG", -1.0)
    for _ in range(3):
        store.mail(origin)
    assert places == [AT_ONCE, THREAD, THREAD]
    monkeypatch.setattr(writer, "monotonic", lambda: 1e9)
    store.mail(origin)
    assert places[3:] == [AT_ONCE]


def test_the_log_is_moved_to_the_file_while_the_server_runs(store, places, path, monkeypatch):
    may_begin = threading.Event()
    move_log = Database.move_log

    def move(self):
        assert may_begin.wait(30)
        move_log(self)

    monkeypatch.setattr(Database, "move_log", move)
    monkeypatch.setattr(writer, "_MOST_IN_LOG", 3)
    store_writer = store._store._writer
    origin = store.session()
    marker = b"Subject: moved to the file\r\n\r\n"

    def settle(number):
        store.append(origin.session_id, said(number, "NOOP", "NOOP"))
        store.sessions()  # for which all that is known of them is written

    store.mail(origin, marker)
    settle(10)
    assert store_writer._moving is None
    store.mail(origin, marker)
    store.mail(origin, marker)
    settle(11)
    assert marker not in path.read_bytes()
    places.clear()
    store.mail(origin)
    store.mail(origin)
    may_begin.set()
    get_hub().call(store_writer._moving.join)
    assert path.read_bytes().count(marker) == 3
    store.mail(origin)
    store.mail(origin)
    assert places == [THREAD, AT_ONCE, THREAD, AT_ONCE]
