"""The log, through the standard `logging`, in go-smtp-mock's words and format.

Handlers take locks, and a thread that holds one may itself be waiting for the server. So the hub only notes what
happened, and a native thread of its own writes it.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, TextIO

from gevent.monkey import get_original

from smtpmock.runtime import hub
from smtpmock.runtime.wakeup import make_wakeup
from smtpmock.text import escape_controls, pluralize, shorten

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.records.exchange import Exchange

_start_new_thread = get_original("_thread", "start_new_thread")
_allocate_lock = get_original("_thread", "allocate_lock")

LOGGER = logging.getLogger("smtpmock")
LOGGER.addHandler(logging.NullHandler())

MOST_LINES = 10_000
"""The most lines that wait to be written; of further ones, the log tells the number."""

LONGEST_LINE = 2_000
"""The most characters of a line that are kept."""

_FLUSH_SECONDS = 5.0
_PATIENCE = 1.0  # seconds in which something has to be written, or nobody reads


def print_line(level: int, text: str, timestamp: float) -> None:
    """Write a line in go-smtp-mock's format to standard output, an error to standard error.

    Raises:
        OSError: If it cannot be written.
    """
    stream: TextIO | None = sys.stderr if level >= logging.ERROR else sys.stdout
    if stream is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(timestamp))
    micros = int(timestamp % 1 * 1_000_000)
    line = f"{logging.getLevelName(level)}: {stamp}.{micros:06d} {text}\n"
    stream.flush()
    is_own = stream is sys.__stdout__ or stream is sys.__stderr__
    if is_own:
        # Not through the stream: a thread that waits for a reader would hold its lock, which the exit needs.
        rest = line.replace("\n", os.linesep).encode(stream.encoding, "backslashreplace")
        while rest:
            rest = rest[os.write(stream.fileno(), rest) :]
    else:
        stream.write(line)
        stream.flush()


class Log:
    """The log of a server.

    Args:
        logger: The logger that it writes to.
        to_stdout: True if it is also written to standard output, errors to standard error.
        activity: True if sessions, requests and replies are logged, not only warnings.
    """

    def __init__(self, logger: logging.Logger, *, to_stdout: bool, activity: bool) -> None:
        self._logger = logger
        self._to_stdout = to_stdout
        self.activity = activity
        self._left_out = 0

    @property
    def is_active(self) -> bool:
        """True if the activity of sessions is logged."""
        return self.activity and self._is_wanted(logging.INFO)

    def info(self, text: str) -> None:
        """Log the activity of the server."""
        if self.activity:
            self._log(logging.INFO, text)

    def warning(self, text: str) -> None:
        """Log something that a user should know."""
        self._log(logging.WARNING, text)

    def error(self, text: str) -> None:
        """Log an error."""
        self._log(logging.ERROR, text)

    def request(self, exchange: Exchange) -> None:
        """Log a request, and the delay of the reply to it."""
        if exchange.stage == "message":
            self.info("SMTP request: message binary data portion")
        elif exchange.stage != "connect" and (exchange.request or exchange.setting):
            self.info(f"SMTP request: {escape_controls(exchange.request)}")
        if exchange.delay:
            self.info(f"SMTP response delay: {exchange.delay:g} sec")

    def response(self, exchange: Exchange) -> None:
        """Log a reply."""
        for line in exchange.reply.split("\n"):
            self.info(f"SMTP response: {escape_controls(line)}")

    def _is_wanted(self, level: int) -> bool:
        # Not isEnabledFor, which may take a lock; the thread that writes asks it.
        logger = self._logger
        return self._to_stdout or logger.getEffectiveLevel() <= level > logger.manager.disable

    def _log(self, level: int, text: str) -> None:
        if not self._is_wanted(level):
            return
        if not _writer.is_full:
            _writer.put(partial(self._write_line, level, shorten(text, LONGEST_LINE), time.time()))
            return
        self._left_out += 1
        if self._left_out == 1:
            _writer.put(self._write_gap)

    def _write_gap(self) -> None:
        """Tell how many lines are missing here."""
        left_out, self._left_out = self._left_out, 0
        text = f"The log was read too slowly: {pluralize(left_out, 'line')} had to be left out here"
        self._write_line(logging.WARNING, text, time.time())

    def _write_line(self, level: int, text: str, timestamp: float) -> None:
        if self._to_stdout:
            try:
                print_line(level, text, timestamp)
            except (OSError, ValueError) as error:
                self._to_stdout = False  # nobody reads it any more
                _complain(f"Cannot write the log to standard output: {getattr(error, 'strerror', None) or error}")
        if self._logger.isEnabledFor(level):
            record = self._logger.makeRecord(self._logger.name, level, __file__, 0, text, (), None)
            record.created, record.msecs = timestamp, timestamp % 1 * 1000
            self._logger.handle(record)


def _complain(text: str) -> None:
    if sys.stderr is not None:
        try:
            sys.stderr.write(f"smtpmock: {text}\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass  # closed as well


class _Writer:
    """A native thread that writes what others noted, started when there is something to write."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as in the child after a fork, where the thread is gone."""
        self._notes: deque[Callable[[], object]] = deque()
        self._work = _allocate_lock()
        self._startable = [True]  # taking the only item is atomic
        self._written = 0

    @property
    def is_full(self) -> bool:
        """Return whether so much waits that lines have to be left out."""
        return len(self._notes) >= MOST_LINES

    def put(self, note: Callable[[], object]) -> None:
        """Make the thread call a function, without blocking."""
        self._notes.append(note)
        if self._startable:
            self._start()
        self._wake()

    def flush(self) -> None:
        """Wait until what was noted is written, or until nobody seems to read it."""
        if not self._notes and self._startable:
            return
        wakeup = make_wakeup()
        is_written: list[bool] = []

        def wake() -> None:
            is_written.append(True)
            wakeup.set()

        try:
            self.put(wake)
            if self._startable:
                self._write()  # the interpreter is about to exit, and starts no thread any more
            end = time.monotonic() + _FLUSH_SECONDS
            before = -1
            while not is_written and before != self._written and time.monotonic() < end:
                before = self._written
                wakeup.wait(_PATIENCE)
        finally:
            wakeup.close()

    def _start(self) -> None:
        try:
            self._startable.pop()
        except IndexError:
            return  # somebody else was first
        try:
            _start_new_thread(self._run, ())
        except RuntimeError:
            self._startable.append(True)

    def _run(self) -> None:
        while True:
            self._write()
            self._work.acquire()

    def _write(self) -> None:
        while self._notes:
            try:
                self._notes[0]()  # it counts as noted until it is written
            except Exception:  # of a user's handler or filter: shown, as logging itself does
                sys.excepthook(*sys.exc_info())
            self._notes.popleft()
            self._written += 1

    def _wake(self) -> None:
        try:
            self._work.release()
        except RuntimeError:
            pass  # awake already


_writer = _Writer()
flush = _writer.flush
hub.after_fork(_writer.forget)
hub.after_shutdown(_writer.flush)
