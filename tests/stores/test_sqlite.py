"""A file of SQLite: what survives the server, who may use the file, and what happens when it cannot be written."""

from __future__ import annotations

import pickle
import shutil
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from smtplib import SMTP, SMTPDataError
from time import monotonic

import pytest

from smtpmock import ServerStateError, SMTPMock, StartError, StoreError, connect
from smtpmock.queries.query import Query, SessionQuery
from smtpmock.records.message import MessageRecord
from smtpmock.records.packed import pack
from smtpmock.stores.base import SessionEntry
from smtpmock.stores.sqlite import sessions, unread
from smtpmock.stores.sqlite.schema import VERSION
from tests.stores.records import STARTED, Stored, mail, said

SECONDS = 30


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mails.db"


@pytest.fixture
def url(path):
    return f"sqlite:///{path}"


@contextmanager
def opened(url, **settings):
    store = Stored(url, **settings)
    try:
        yield store
    finally:
        store.close()


def client(mock):
    return SMTP(mock.host, mock.port, "client.example", timeout=SECONDS)


def send(smtp, subject="hello"):
    smtp.sendmail("a@example.com", ["b@example.com"], f"Subject: {subject}\r\n\r\ntext")


@contextmanager
def locked(path):
    """Keep the file locked, as another program may."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


# What is read.


def test_a_page_and_a_session_by_its_id_are_read_without_the_others(url, monkeypatch):
    read = []

    def reading(make, kind):
        def made(row, *args):
            read.append(kind)
            return make(row, *args)

        return made

    monkeypatch.setattr(sessions, "session", reading(sessions.session, "session"))
    monkeypatch.setattr(unread, "entry", reading(unread.entry, "message"))

    def costs(ask):
        read.clear()
        found = ask()
        assert "message" not in read
        assert [len([*session.entries]) for session in found] == [1] * len(found)
        return [session.number for session in found], read.count("session"), read.count("message")

    with opened(url) as store:
        origins = [store.begin("192.0.2.1", 40000, "192.0.2.2", STARTED) for _ in range(300)]
        for origin in origins:
            store.add(mail(origin))

        for after, before, numbers in ((0, None, [1, 2]), (200, None, [201, 202]), (0, 10**18, [299, 300])):
            page = partial(store.session_page, SessionQuery({}), after, 2, before)
            assert costs(lambda page=page: page()[0]) == (numbers, 2, 2)
        by_id = SessionQuery({"id": origins[149].session_id})
        assert costs(lambda: store.sessions(by_id)) == ([150], 1, 1)
        assert costs(lambda: store.session_page(by_id, 0, 50)[0]) == ([150], 1, 1)


def test_the_records_of_a_session_are_the_same_whenever_they_are_made(url):
    with opened(url) as store:
        origin = store.session()
        mails = [store.mail(origin), store.mail(origin)]
        made = SessionEntry(store.sessions()[0].record, tuple(store.select()))

        def unread():
            [session] = store.sessions()
            return session

        assert unread() == made
        assert made == unread()
        assert unread() == unread()
        assert unread() != made._replace(entries=made.entries[:1])
        assert hash(unread()) == hash(made)
        assert str(unread()) == str(made)
        assert pickle.loads(pickle.dumps(unread())) == made
        found = unread()
        assert len(found.entries) == 2
        assert found.entries[1] == made.entries[1]
        assert found.entries[1:] == made.entries[1:]
        assert [entry.record for entry in reversed(found.entries)] == mails[::-1]
        assert len(found.entries) == 2
        early = unread()
        store.purge()
        assert early == made


def test_a_record_of_a_session_that_cannot_be_made_is_an_error_of_one_sentence(url, path):
    with opened(url) as store:
        store.mail()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE messages SET head = '[1'")

    [session] = SMTPMock(store=url).sessions()
    with pytest.raises(StoreError, match=r"^Cannot read message 1 of the store: [^\n]+$"):
        list(session.messages)


# What survives.


def test_everything_is_there_after_a_restart(url):
    with opened(url, max_messages=2) as store:
        origin = store.session()
        store.append(origin.session_id, said(1, "connect", ""))
        store.mail(origin)
        sent = [store.mail(origin), store.mail(origin, accepted=False)]
        store.update((sent[0].id,), is_read=True, tags=("kept",))
        store.end(origin.session_id, STARTED + 2)
        before = store.select(), store.sessions(), len(store), store.dropped, store.mark()

    with opened(url, max_messages=2) as store:
        assert (store.select(), store.sessions(), len(store), store.dropped, store.mark()) == before
        assert store.dropped == 1
        again = store.session()
        assert again.session_number == 2
        assert again.session_id != origin.session_id
        store.mail(again)
        assert [entry.number for entry in store.select()] == [3, 4]


def test_numbers_are_not_used_again_after_a_purge_and_a_restart(url):
    with opened(url) as store:
        origin = store.session()
        store.mail(origin)
        store.end(origin.session_id, STARTED)
        store.purge()
    with opened(url) as store:
        assert store.mark() == (1, 1)
        assert store.session().session_number == 2
        store.mail()
        assert [entry.number for entry in store.select()] == [2]


def test_sessions_that_were_open_when_the_server_died_have_ended_at_the_next_start(url, path, tmp_path):
    copy = tmp_path / "copy.db"
    with opened(url) as store:
        origin = store.session()
        store.append(origin.session_id, said(1, "connect", "", now=STARTED + 7))
        record = store.mail(origin)
        assert store.sessions()[0].record.ended is None
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")

    with opened(f"sqlite:///{copy}") as store:
        [session] = store.sessions()
        assert session.record.ended == STARTED + 7
        assert [entry.record for entry in session.entries] == [record]
        assert store.open_sessions == 0


def test_a_message_brings_its_session_back_if_the_server_died_before_it_wrote_that(url, path, tmp_path, monkeypatch):
    monkeypatch.setattr("smtpmock.stores.sqlite.store._LINGER", 600)
    copy = tmp_path / "copy.db"
    with opened(url) as store:
        record = mail(store.begin("192.0.2.1", 40000, "192.0.2.2", STARTED), now=STARTED + 3)
        store.add(record)
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")

    url = f"sqlite:///{copy}"
    mock = SMTPMock(store=url)
    assert mock.sessions() == []
    assert [message.id for message in mock.messages(recipient="b@example.com")] == [record.id]
    with opened(url) as store:
        [session] = store.sessions()
        assert session.record.origin == record.origin
        assert session.record.ended == STARTED + 3
        assert session.record.exchanges == (record.helo, *record.exchanges)
        assert [entry.record for entry in session.entries] == [record]
        assert store.session().session_number == 2
        assert [entry.record for entry in store.select(Query({"recipient": "b@example.com"}))] == [record]


def test_what_sessions_say_is_gathered_each_time_anew(url, path, monkeypatch):
    def written():
        with closing(sqlite3.connect(path)) as other:
            return other.execute("SELECT count(*) FROM exchanges").fetchone()[0]

    monkeypatch.setattr("smtpmock.stores.sqlite.store._LINGER", 0.01)
    with opened(url) as store:
        origin = store.begin("192.0.2.1", 40000, "192.0.2.2", STARTED)
        store.append(origin.session_id, said(1, "connect", ""))
        end = monotonic() + SECONDS
        while not written():
            assert monotonic() < end
        monkeypatch.setattr("smtpmock.stores.sqlite.store._LINGER", 600)
        store.append(origin.session_id, said(2, "EHLO", "EHLO client.example"))
        for _ in range(3):
            store.mail(origin)
        assert written() == 1
        assert len(store.sessions()[0].record.exchanges) == 2
        assert written() == 2


def test_a_server_that_is_stopped_and_started_again_has_its_mail(url):
    mock = SMTPMock(store=url)
    for subject in ("first", "second"):
        with mock, client(mock) as smtp:
            send(smtp, subject)
    assert [message.subject for message in mock.messages()] == ["first", "second"]
    assert [session.ended_at is None for session in mock.sessions()] == [False, False]
    assert [message.subject for message in SMTPMock(store=url).messages()] == ["first", "second"]


def test_a_server_that_does_not_run_can_be_read_and_purged(url, path):
    mock = SMTPMock(store=url)
    assert (len(mock), mock.messages(), mock.sessions(), mock.dropped) == (0, [], [], 0)
    assert not path.exists()
    with mock:
        mock.deliver(b"Subject: hello\r\n\r\n", sender="a@example.com", recipients=["b@example.com"])

    mock.update_messages(read=True)
    assert mock.message().is_read
    assert len(mock.purge()) == 1
    assert mock.messages() == []
    assert sorted(found.name for found in path.parent.iterdir()) == ["mails.db", "mails.db-lock"]


def test_a_file_that_an_earlier_version_wrote_is_read(url):
    """Fields that are added at the end, with a default, need no new format; all others do."""
    assert VERSION == 2
    assert MessageRecord._fields[:12] == (
        *("id", "origin", "negotiated", "helo", "mailfrom", "rcptto", "rcptto_accepted", "data", "end_of_data"),
        *("rset", "noop", "quit_sent"),
    )
    with opened(url) as store:
        record = mail(store.session())
    written = pack(record)
    assert written.startswith(f'["{record.id}",["{record.origin.session_id}",1,"192.0.2.1",40000,"192.0.2.2",')


# Who may use the file.


@pytest.mark.needs("fork")
def test_a_forked_child_leaves_the_file_to_its_parent(run):
    output = run(
        """
        import os
        import warnings
        from smtpmock import SMTPMock, StoreError

        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        with SMTPMock(store="sqlite:///mails.db") as mock:
            mock.deliver(b"Subject: before", sender="a@example.com", recipients=["b@example.com"])
            child = os.fork()
            if child == 0:
                try:
                    mock.messages()
                except StoreError as error:
                    print(str(error).replace(os.getcwd(), ""), flush=True)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            mock.deliver(b"Subject: after", sender="a@example.com", recipients=["b@example.com"])
        print([message.subject for message in SMTPMock(store="sqlite:///mails.db").messages()])
        """
    )
    assert output == "The store /mails.db belongs to the parent process\n['before', 'after']\n"


def test_a_second_server_is_refused_until_the_first_has_stopped(url, path):
    other = SMTPMock(store=url)
    with SMTPMock(store=url):
        with pytest.raises(StartError, match=r"^Cannot use the store .*mails\.db: another server uses it$"):
            other.start()
        assert not other.is_running
    with other, client(other) as smtp:
        send(smtp)
    assert len(other) == 1


def test_the_command_exits_with_status_1_and_a_sentence_when_another_server_uses_the_file(url, run):
    with SMTPMock(store=url):
        output = run(
            f"""
            import subprocess, sys
            command = [sys.executable, "-m", "smtpmock", "serve", "--smtp-port=0", "--http-port=0", "--store={url}"]
            child = subprocess.run(command, capture_output=True, text=True, timeout=60)
            print(child.returncode, child.stderr)
            """
        )
    assert output.startswith("1 smtpmock: Cannot use the store ")
    assert output.rstrip().endswith("another server uses it")


def database_of_another_program(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE notes (text)")


def database_of_a_newer_version(path):
    with opened(f"sqlite:///{path}"):
        pass
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {VERSION + 1}")


def damaged_database(path):
    with opened(f"sqlite:///{path}") as store:
        for _ in range(50):
            store.mail()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * (size - 100))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_text("Dear diary, " * 100), "file is not a database"),
        (database_of_another_program, "it is a database of another program"),
        (
            database_of_a_newer_version,
            "its format is 3, and this version of smtpmock reads 2; use the version that wrote it, or another file",
        ),
        (damaged_database, "database disk image is malformed"),
        (Path.mkdir, "unable to open database file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(url, path, make, reason):
    make(path)
    mock = SMTPMock(store=url)
    for _ in range(2):
        with pytest.raises(StartError) as refused:
            mock.start()
        assert str(refused.value) == f"Cannot use the store {path}: {reason}"
    with pytest.raises(ServerStateError, match="was never started"):
        mock.message()


def test_a_missing_folder_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(StartError, match=r"nowhere/mails\.db: unable to open database file$"):
        SMTPMock(store=f"sqlite:///{tmp_path}/nowhere/mails.db").start()


# What cannot be written.


def test_a_message_that_cannot_be_written_in_time_is_refused_and_the_session_goes_on(url, path, caplog):
    with SMTPMock(store=url, store_timeout=0.3) as mock, client(mock) as smtp, client(mock) as other:
        send(smtp, "before")
        with locked(path):
            with pytest.raises(SMTPDataError) as refused:
                send(smtp, "refused")
            assert refused.value.smtp_code == 451
            assert refused.value.smtp_error == b"4.3.0 The message cannot be stored now: try again later"
            assert smtp.noop() == (250, b"Ok")
            assert other.noop() == (250, b"Ok")
        send(smtp, "after")

        assert [message.subject for message in mock.messages()] == ["before", "after"]
        [attempt] = mock.messages(accepted=False)
        assert [exchange.cause.limit for exchange in attempt.exchanges if exchange.stage == "message"] == ["store"]
        assert [exchange.reply[:3] for exchange in mock.sessions()[0].exchanges].count("451") == 1
    assert any("Cannot write to the store" in record.getMessage() for record in caplog.records)


def test_the_server_answers_others_while_a_message_waits_for_the_file(url, path):
    """Whoever waits for the store does not keep the thread of the servers from anything."""
    with SMTPMock(store=url, store_timeout=30) as mock, client(mock) as smtp, client(mock) as other:
        send(smtp)
        smtp.mail("a@example.com")
        smtp.rcpt("b@example.com")
        smtp.docmd("DATA")
        with locked(path):
            smtp.send(b"Subject: waits\r\n\r\n.\r\n")
            for _ in range(50):
                assert other.noop() == (250, b"Ok")
            smtp.sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                smtp.sock.recv(1)
        smtp.sock.settimeout(SECONDS)
        assert smtp.sock.recv(100) == b"250 Received\r\n"
        assert len(mock) == 2


@pytest.mark.parametrize("folder", ["mails", "locked"])  # an error of SQLite may have that word, a path as well
def test_a_message_that_cannot_be_written_does_not_keep_those_away_that_came_with_it(tmp_path, folder):
    path = tmp_path / folder / "mails.db"
    path.parent.mkdir()
    with SMTPMock(store=f"sqlite:///{path}", store_timeout=SECONDS) as mock, closing(sqlite3.connect(path)) as other:
        other.execute(
            "CREATE TRIGGER no_room BEFORE INSERT ON messages WHEN new.size > 1000"
            " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
        with ExitStack() as stack:
            clients = [stack.enter_context(client(mock)) for _ in range(4)]
            for smtp in clients[:3]:
                smtp.ehlo()
                smtp.mail("a@example.com")
                smtp.rcpt("b@example.com")
                smtp.docmd("DATA")
            with locked(path):  # the first waits for the file, and the others for the first
                for smtp, size in zip(clients[:3], (10, 5000, 10), strict=True):
                    smtp.send(b"Subject: %d\r\n\r\n%b\r\n.\r\n" % (size, b"x" * size))
                    for _ in range(50):
                        assert clients[3].noop() == (250, b"Ok")
            replies = [smtp.getreply()[0] for smtp in clients[:3]]

    assert replies == [250, 451, 250]
    assert [message.subject for message in mock.messages()] == ["10", "10"]


def test_a_purge_that_cannot_be_written_raises_an_error_that_http_passes_on(url, path):
    mock = SMTPMock(store=url, store_timeout=0.1, http_port=0)
    with mock, connect(mock.http_url) as remote, client(mock) as smtp:
        send(smtp)
        with locked(path):
            for mailbox in (mock, remote):
                with pytest.raises(StoreError, match=r"^Cannot write to the store .*mails\.db: "):
                    mailbox.purge()
        assert len(remote.purge()) == 1


def test_a_damaged_file_is_an_error_of_one_sentence_to_readers(url, path):
    mock = SMTPMock(store=url)
    with mock, client(mock) as smtp:
        send(smtp)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(StoreError, match=r"^Cannot read the store .*mails\.db: database disk image is malformed$"):
        mock.messages()
