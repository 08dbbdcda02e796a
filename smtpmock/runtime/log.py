"""The log, through the standard `logging`, in go-smtp-mock's words and format.

Handlers take locks, and a thread that holds one may itself be waiting for the server. So the hub only notes what
happened, and a native thread of its own writes it.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from gevent.monkey import get_original

from smtpmock.runtime import hub
from smtpmock.runtime.wakeup import make_wakeup
from smtpmock.text import escaped

if TYPE_CHECKING:
    from collections.abc import Callable

    from smtpmock.records.exchange import Exchange

_start_new_thread = get_original("_thread", "start_new_thread")
_allocate_lock = get_original("_thread", "allocate_lock")

LOGGER = logging.getLogger("smtpmock")
LOGGER.addHandler(logging.NullHandler())

_FLUSH_SECONDS = 5.0


def print_line(level: int, text: str, timestamp: float) -> None:
    """Writes a line in go-smtp-mock's format to standard output, an error to standard error."""
    stream = sys.stderr if level >= logging.ERROR else sys.stdout
    stamp = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(timestamp))
    micros = int(timestamp % 1 * 1_000_000)
    stream.write(f"{logging.getLevelName(level)}: {stamp}.{micros:06d} {text}\n")
    stream.flush()


class Log:
    """What a server logs.

    Args:
        logger: Where it goes.
        to_stdout: Whether it is also written to standard output, errors to standard error.
        activity: Whether sessions, requests and replies are logged, not only warnings.
    """

    def __init__(self, logger: logging.Logger, *, to_stdout: bool, activity: bool) -> None:
        self._logger = logger
        self._to_stdout = to_stdout
        self.activity = activity

    @property
    def is_active(self) -> bool:
        """Whether anybody wants to know what sessions do."""
        return self.activity and self._is_wanted(logging.INFO)

    def info(self, text: str) -> None:
        """Server activity."""
        if self.activity:
            self._log(logging.INFO, text)

    def warning(self, text: str) -> None:
        """What a user should know."""
        self._log(logging.WARNING, text)

    def error(self, text: str) -> None:
        """What went wrong."""
        self._log(logging.ERROR, text)

    def request(self, exchange: Exchange) -> None:
        """What a client sent, and how long it will wait for the reply."""
        if exchange.stage == "message":
            self.info("SMTP request: message binary data portion")
        elif exchange.stage != "connect" and (exchange.request or exchange.setting):
            self.info(f"SMTP request: {escaped(exchange.request)}")
        if exchange.delay:
            self.info(f"SMTP response delay: {exchange.delay:g} sec")

    def response(self, exchange: Exchange) -> None:
        """What a client was told."""
        for line in exchange.reply.split("\n"):
            self.info(f"SMTP response: {escaped(line)}")

    def _is_wanted(self, level: int) -> bool:
        # Not isEnabledFor, which may take a lock; the thread that writes asks it.
        logger = self._logger
        return self._to_stdout or logger.getEffectiveLevel() <= level > logger.manager.disable

    def _log(self, level: int, text: str) -> None:
        if self._is_wanted(level):
            _writer.put(partial(self._write_line, level, text, time.time()))

    def _write_line(self, level: int, text: str, timestamp: float) -> None:
        if self._to_stdout:
            try:
                print_line(level, text, timestamp)
            except (OSError, ValueError):
                self._to_stdout = False  # nobody reads it any more
        if self._logger.isEnabledFor(level):
            record = self._logger.makeRecord(self._logger.name, level, __file__, 0, text, (), None)
            record.created, record.msecs = timestamp, timestamp % 1 * 1000
            self._logger.handle(record)


class _Writer:
    """A native thread that writes what others noted, started when there is something to write."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begins anew, as in the child after a fork, where the thread is gone."""
        self._notes: deque[Callable[[], object]] = deque()
        self._work = _allocate_lock()
        self._startable = [True]  # taking the only item is atomic

    def put(self, note: Callable[[], object]) -> None:
        """Has the thread call a function; never blocks."""
        self._notes.append(note)
        if self._startable:
            self._start()
        self._wake()

    def flush(self) -> None:
        """Waits until what was noted is written."""
        if not self._notes and self._startable:
            return
        written = make_wakeup()
        try:
            self.put(written.set)
            if self._startable:
                self._write()  # the interpreter is about to exit, and starts no thread any more
            written.wait(_FLUSH_SECONDS)
        finally:
            written.close()

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
                self._notes.popleft()()
            except Exception:  # of a user's handler or filter: shown, as logging itself does
                sys.excepthook(*sys.exc_info())

    def _wake(self) -> None:
        try:
            self._work.release()
        except RuntimeError:
            pass  # awake already


_writer = _Writer()
flush = _writer.flush
hub.after_fork(_writer.forget)
hub.after_shutdown(_writer.flush)
