"""Measures how processor time grows with the size of what is read: the one place where tests assert times."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MEASURABLE = 0.05  # seconds of processor time that are steady enough to be compared
_LARGEST = 10_000_000
_RUNS = 5
_FACTOR = 2.5  # at most, for doubled input


def assert_linear(make: Callable[[int], Any], read: Callable[[Any], object], smallest: int = 20_000) -> None:
    """Assert that the time to read what `make` returns for a size at most grows by the factor when it doubles.

    What takes next to no time for the largest size has nothing to grow.
    """
    size = smallest
    spent = _spent(make, read, size)
    while spent < _MEASURABLE and size < _LARGEST:
        size *= 2
        before, spent = spent, _spent(make, read, size)
        if spent > 40 * max(before, 0.005):  # it cannot be linear, and twice as much would take forever
            raise AssertionError(f"{size} bytes took {spent:.2f} s, half of them {before:.2f} s")
    if spent < _MEASURABLE:
        return
    base = spent
    for _ in range(_RUNS):
        twice = _spent(make, read, 2 * size)
        if twice <= _FACTOR * base:
            return
        base = max(base, _spent(make, read, size))
    raise AssertionError(f"{2 * size} bytes took {twice:.2f} s, half of them {base:.2f} s")


def _spent(make: Callable[[int], Any], read: Callable[[Any], object], size: int) -> float:
    made = make(size)
    gc.collect()
    gc.disable()
    try:
        began = time.process_time()
        read(made)
        return time.process_time() - began
    finally:
        gc.enable()
