"""Signals that stop the command, in the way that every platform has.

It is loaded before anything else, so that no signal comes too early: it imports nothing of gevent.
"""

from __future__ import annotations

import os
import signal
import sys
from _thread import start_new_thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Unix has SIGQUIT and SIGHUP, Windows has SIGBREAK.
STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


_RETURNED = 0  # a byte that stands for no signal


class StopSignals:
    """The signals that end the command, once they are caught; calling it waits for the first.

    Args:
        arrivals: The descriptor from which a byte can be read for each signal.
        wakeup: The other end of that pipe.
        caught: The signals.
    """

    def __init__(self, arrivals: int, wakeup: int, caught: Sequence[int]) -> None:
        self._arrivals = arrivals
        self._wakeup = wakeup
        self._caught = caught

    def __call__(self) -> None:
        """Wait until one of them has come, whether before the call or after it."""
        self._next(self._caught)

    def next_of(self, *others: int) -> int:
        """Wait for one of the signals, or of others that have a handler; return its number."""
        return self._next((*self._caught, *others))

    def bear(self, function: Callable[[], object]) -> None:
        """Call a function in a thread of its own, and wait until it returns.

        Raises:
            SystemExit: If another of the signals comes first; what is registered for the exit is still done.
        """
        start_new_thread(self._call, (function,))
        number = self._next((*self._caught, _RETURNED))
        if number != _RETURNED:
            for caught in self._caught:
                signal.signal(caught, signal.SIG_DFL)
            raise SystemExit(128 + number)

    def _call(self, function: Callable[[], object]) -> None:
        try:
            function()
        finally:
            if hasattr(os, "set_blocking"):  # where it is missing, the pipe blocks already
                os.set_blocking(self._wakeup, True)
            os.write(self._wakeup, bytes((_RETURNED,)))

    def _next(self, wanted: Sequence[int]) -> int:
        # Not a handler in Python: it would be called only once the main thread does not wait any more.
        while (number := os.read(self._arrivals, 1)[0]) not in wanted:
            pass  # another signal, which somebody else handles
        return number


def catch_stop_signals() -> StopSignals:
    """Keep the signals that end the command from ending the process; to be called in the main thread.

    Returns:
        What waits for them.
    """
    # A byte for each signal is written by the handler in C, which works while Python code is waiting, on Windows too.
    arrivals, wakeup = os.pipe()
    if hasattr(os, "set_blocking"):  # on Windows from Python 3.12 on; there it need not be called
        os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    caught = [number for number in STOP_SIGNALS if not _is_kept_off(number)]
    for number in caught:
        signal.signal(number, _ignore)
    if sys.platform != "win32":  # the process may have been born with what its parent blocks
        signal.pthread_sigmask(signal.SIG_UNBLOCK, caught)
    return StopSignals(arrivals, wakeup, caught)


def _is_kept_off(number: int) -> bool:
    """Return True if the process is to outlive its terminal, as nohup says."""
    return signal.Signals(number).name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN


def _ignore(*_: object) -> None:
    """Do nothing, as a function in Python: signals that are ignored in C leave no byte."""
