"""Garbage collections that take place."""

from __future__ import annotations

import gc
from _thread import get_ident

_OLDEST = 2


def collect() -> None:
    """Collect all garbage.

    While another thread collects, as that of the servers may at any time, `gc.collect` does nothing and says nothing;
    its callbacks are not called then.
    """
    own = get_ident()
    is_done = False

    def note(phase: str, info: dict[str, int]) -> None:
        nonlocal is_done
        is_done |= phase == "stop" and info["generation"] == _OLDEST and get_ident() == own

    gc.callbacks.append(note)
    try:
        while not is_done:
            gc.collect()
    finally:
        gc.callbacks.remove(note)
