"""Measures how processor time grows with the size of what is read: the one place where tests assert times."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MEASURABLE = 0.05  # seconds of processor time that are steady enough to be compared
_SMALLEST = 20_000
_LARGEST = 10_000_000
_STEP = 16  # the most that the size grows by at once
_RUNS = 5
_FACTOR = 2.5  # at most, for doubled input


def assert_linear(make: Callable[[int], Any], read: Callable[[Any], object], largest: int = _LARGEST) -> None:
    """Assert that the time to read what `make` returns for a size grows by the factor at most when the size doubles.

    It is measured at a size where there is something to measure. What takes next to no time for the largest size has
    nothing to grow. What is passed between two sizes, a limit or the size of a cache of the processor, makes a step: so
    the size is doubled once more if the time seems to have grown too much.

    Args:
        make: Makes what is read, of about so many bytes.
        read: Reads it.
        largest: The largest size to try.
    """
    size = _SMALLEST
    spent = _spent(make, read, size)
    while spent < _MEASURABLE and size < largest:
        size = min(round(size * min(_STEP, 1.3 * _MEASURABLE / max(spent, 1e-6))), largest)
        spent = _spent(make, read, size)
    if spent < _MEASURABLE:
        return
    for _ in range(_RUNS):
        twice = _spent(make, read, 2 * size)
        if twice <= _FACTOR * spent:
            return
        spent = max(spent, _spent(make, read, size))
    again = _spent(make, read, 4 * size)
    if again > _FACTOR * twice:
        raise AssertionError(f"{size}, {2 * size} and {4 * size} bytes took {spent:.2f}, {twice:.2f} and {again:.2f} s")


def _spent(make: Callable[[int], Any], read: Callable[[Any], object], size: int) -> float:
    made = make(size)
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        began = time.process_time()
        read(made)
        return time.process_time() - began
    finally:
        if was_enabled:
            gc.enable()
