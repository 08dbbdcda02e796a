"""The file: its tables and their version, how it is opened, and the lock of the server that uses it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from smtpmock.errors import StartError

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_LOG = 8000
"""The pages of the log from which on whoever writes moves them to the file, and others wait for that."""

VERSION = 2
"""The version of the tables. Whoever changes them, or a field of a record that is not at its end, raises it."""

_APPLICATION = 0x534D5450

_TABLES = f"""
PRAGMA page_size = 8192;
BEGIN;
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, ended REAL, forgotten INTEGER NOT NULL, exchanges INTEGER NOT NULL,
    head TEXT NOT NULL
);
CREATE INDEX sessions_ended ON sessions (ended) WHERE ended IS NOT NULL;
CREATE TABLE exchanges (
    session INTEGER NOT NULL, first INTEGER NOT NULL, behind INTEGER NOT NULL, items TEXT NOT NULL,
    PRIMARY KEY (session, first)
) WITHOUT ROWID;
CREATE TABLE messages (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, accepted INTEGER NOT NULL, received REAL NOT NULL,
    size INTEGER NOT NULL, is_read INTEGER NOT NULL DEFAULT 0, tags TEXT NOT NULL DEFAULT '[]', keys TEXT NOT NULL,
    head TEXT NOT NULL, content BLOB NOT NULL
);
CREATE TABLE keys (key TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (key, number)) WITHOUT ROWID;
CREATE TABLE state (
    last INTEGER NOT NULL, last_session INTEGER NOT NULL, records INTEGER NOT NULL, accepted INTEGER NOT NULL,
    bytes INTEGER NOT NULL, dropped INTEGER NOT NULL, ended INTEGER NOT NULL, ended_exchanges INTEGER NOT NULL,
    settled INTEGER NOT NULL, indexed INTEGER NOT NULL
);
INSERT INTO state VALUES (0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {VERSION};
COMMIT;
"""

SUBJECTS = """
CREATE VIRTUAL TABLE IF NOT EXISTS subjects USING fts5 (subject, tokenize = 'trigram case_sensitive 1', detail = none)
"""
"""The index of subjects; SQLite may have been built without it, or be older than 3.34."""


INDEXES = (
    "CREATE INDEX IF NOT EXISTS sessions_open ON sessions (number) WHERE ended IS NULL",
    "CREATE INDEX IF NOT EXISTS messages_read ON messages (number) WHERE is_read AND accepted",
    "CREATE INDEX IF NOT EXISTS messages_tagged ON messages (tags) WHERE tags != '[]' AND accepted",
)
"""The indexes with which these are counted, and which cost a new message nothing; an older file does not have them."""


def connect(path: Path, timeout: float, *, create: bool = False) -> sqlite3.Connection:
    """Return a connection to a file, which any thread may use, but one at a time.

    Args:
        path: The file, as an absolute path.
        timeout: The seconds to wait while another process has locked the file.
        create: True to create it if it does not exist.

    Raises:
        sqlite3.Error: If it cannot be opened.
    """
    uri = f"{path.as_uri()}?mode={'rwc' if create else 'rw'}"
    connection = sqlite3.connect(
        uri, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=512, uri=True
    )
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def prepare(path: Path, timeout: float) -> sqlite3.Connection:
    """Return the connection of the server that writes to a file, which is created if it does not exist.

    Raises:
        StartError: If the file cannot be used: the text says why, and what to do.
    """
    connection = None
    try:
        connection = connect(path, timeout, create=True)
        _check(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        for index in INDEXES:
            connection.execute(index)
        connection.execute("PRAGMA temp_store = MEMORY")  # of statements that may be undone: else a file for each
        connection.execute(f"PRAGMA wal_autocheckpoint = {LONGEST_LOG}")
    except (sqlite3.Error, StartError) as error:
        if connection is not None:
            connection.close()
        raise error if isinstance(error, StartError) else unusable(path, str(error)) from None
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    [application], [version] = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
    )
    if application == _APPLICATION:
        if version != VERSION:
            raise unusable(
                path,
                f"its format is {version}, and this version of smtpmock reads {VERSION}; "
                "use the version that wrote it, or another file",
            )
    elif connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        raise unusable(path, "it is a database of another program")
    else:
        connection.executescript(_TABLES)


def lock(path: Path) -> sqlite3.Connection:
    """Return a connection that keeps other servers away from a file until it is closed, or the process ends.

    A lock of SQLite on a file beside it is the same on all systems.

    Raises:
        StartError: If another server uses the file, or none can.
    """
    holder = None
    try:
        holder = connect(path.with_name(f"{path.name}-lock"), 0, create=True)
        holder.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if holder is not None:
            holder.close()
        raise unusable(path, "another server uses it" if is_locked(error) else str(error)) from None
    return holder


def is_locked(error: Exception) -> bool:
    """Return True if an error says that another program has locked the file."""
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def unusable(path: Path, reason: str) -> StartError:
    """Return the error about a file that cannot be used."""
    return StartError(f"Cannot use the store {path}: {reason}")
