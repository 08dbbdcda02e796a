"""How the command learns that it is to stop: through signals, in the way that every platform has.

It is loaded before anything else, so that no signal comes too early: it imports nothing of gevent.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Unix has SIGQUIT and SIGHUP, Windows has SIGBREAK.
STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


def catch_stop_signals() -> Callable[[], None]:
    """Keep the signals that end the command from ending the process; to be called in the main thread.

    Returns:
        A function that waits until one of them has come, whether before the call or after it. The next one then ends
        the process at once.
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

    def wait() -> None:
        while os.read(arrivals, 1)[0] not in caught:
            pass  # another signal, which somebody else handles
        for number in caught:
            signal.signal(number, _end_at_once)

    return wait


def _is_kept_off(number: int) -> bool:
    """Return True if the process is to outlive its terminal, as nohup says."""
    return signal.Signals(number).name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN


def _end_at_once(number: int, _: object) -> None:
    """End the process though the server has not stopped; what is registered for the exit is still done."""
    for other in STOP_SIGNALS:
        signal.signal(other, signal.SIG_DFL)
    raise SystemExit(128 + number)


def _ignore(*_: object) -> None:
    """Do nothing, as a function in Python: signals that are ignored in C leave no byte."""
