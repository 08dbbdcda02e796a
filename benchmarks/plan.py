"""The rounds of a measurement, and its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.load import Generator

T = TypeVar("T")


class Plan:
    """The settings that all measurements share.

    Args:
        generator: The client that delivers.
        rounds: How often each contender is measured.
        scale: The part of the usual work that a round has.
        progress: True to show a bar.
    """

    def __init__(self, generator: Generator, rounds: int, scale: float, *, progress: bool) -> None:
        self.generator = generator
        self._rounds = rounds
        self._scale = scale
        self._progress = progress

    def scaled(self, count: int, least: int = 10) -> int:
        """So many, or fewer where it is to be quick."""
        return max(least, round(count * self._scale))

    def rounds(self, contenders: Iterable[T], what: str) -> Iterator[T]:
        """The contenders in turn, again and again: what disturbs the machine for a while disturbs all of them."""
        yield from self.steps(list(contenders) * self._rounds, what)

    def steps(self, steps: Iterable[T], what: str) -> Iterator[T]:
        """The steps, with a bar."""
        yield from tqdm(list(steps), desc=what, leave=False, disable=not self._progress)
