"""The course of a search: which temperatures, one after the other, in which legs; by the clock, or as recorded."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

COLD = (1.0, 0.01)  # first and last temperature, in mean ways between two places: a plan made from nothing
WARM = (0.05, 0.0025)  # a plan that is there already
STARTS, SHARE = 4, 0.15  # with time enough so many short searches come first, each for so much of the time,
GOES_ON = 0.15  # … and the best of them goes on at this temperature
ENOUGH = 0.08  # seconds an order: with less, one long search is as good or better


@dataclass(frozen=True)
class Course:
    """How a search went: steps at each temperature, one after the other. With the seed it makes the same plan again.

    After each of `legs` (numbers of temperatures) it went back to the plan it began with, after the last to the best so far.
    """

    seed: int
    steps: int = 0
    heats: tuple[float, ...] = ()
    legs: tuple[int, ...] = ()

    def as_values(self) -> dict[str, Any]:
        """Give what is stored, the seed apart."""
        return {"steps": self.steps, "heats": list(self.heats), "legs": list(self.legs)}

    @classmethod
    def stored(cls, seed: int, values: Any) -> Course:
        """Read what was stored; before edition 4 a mere list of steps and temperatures."""
        if isinstance(values, list):
            return cls(seed, values[0], tuple(values[1:]))
        return cls(seed, values["steps"], tuple(values["heats"]), tuple(values["legs"]))


class Timed:
    """Temperatures by the clock, and which they were."""

    def __init__(
        self, seconds: float, began: float, clock: Callable[[], float], curve: list[tuple[float, int]], prices: Any
    ) -> None:  # fmt: skip
        self._seconds, self._began, self._clock, self._curve, self._prices = (
            seconds,
            began,
            clock,
            curve,
            prices,
        )
        self.heats: list[float] = []
        self.legs: list[int] = []

    def cooling(self, hot: float, cold: float, until: float) -> Iterator[float]:
        """Give temperatures from the first to the last, until this share of the time is over."""
        begins, known = self._used(), len(self.heats)
        while (used := self._used()) < until:
            heat = round(hot * (cold / hot) ** ((used - begins) / (until - begins)), 3)
            before = self._prices[1]
            self.heats.append(heat)
            yield heat
            if self._prices[1] < before:
                self._curve.append((self._clock() - self._began, int(self._prices[1])))
        self.legs.append(len(self.heats) - known)

    def legs_from(self, hot: float, cold: float, *, scale: float, alone: bool) -> list[Iterable[float]]:
        """Give the temperatures of one long search (`alone`), or of several short ones and of what the best of them goes on with."""
        hot, cold = hot * scale, cold * scale
        if alone:
            return [self.cooling(hot, cold, 1.0)]
        starts: list[Iterable[float]] = [self.cooling(hot, cold, (n + 1) * SHARE) for n in range(STARTS)]
        return [*starts, self.cooling(GOES_ON * scale, cold, 1.0)]

    def _used(self) -> float:
        return (self._clock() - self._began) / self._seconds


def legs_of(course: Course) -> list[Iterable[float]]:
    """Give the temperatures of a recorded course, leg by leg."""
    ends = list(itertools.accumulate(course.legs))
    return [course.heats[a:b] for a, b in zip([0, *ends], [*ends, len(course.heats)], strict=True)]
