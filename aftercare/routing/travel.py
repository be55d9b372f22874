"""How long the way takes: by great circle unless a routing server (OSRM, Valhalla) is set; that falls back when it is silent.

A provider gives whole seconds between all pairs of places. Answers of servers are remembered by places rounded to about
eleven metres.
"""

from __future__ import annotations

import statistics
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from aftercare.refusals import Invalid

from .places import Spot, great_circle_km

Table = list[list[int]]
REMEMBERED = 200_000
BLOCK = 50  # places a side in one question; OSRM answers at most a hundred in all by default
ROUNDED = 4  # decimals of a degree


class TravelProvider(Protocol):
    """Whatever knows ways."""

    def table(self, spots: Sequence[Spot], *, hour: int) -> Table:
        """Give the seconds from each place to each, when setting out at that hour of the day."""
        ...


@dataclass(frozen=True)
class GreatCircle:
    """Great circle × detour ÷ speed, slower at some hours; `settle` seconds to park and find the door at another place."""

    kmh: float = 24.0
    detour: float = 1.35
    by_hour: Mapping[int, float] = field(default_factory=dict)
    settle: int = 180

    def seconds_at(self, hour: int) -> Callable[[Spot, Spot], int]:
        """Give the function that tells the seconds of one way at that hour of the day."""
        per_km = self.detour / (self.kmh * self.by_hour.get(hour, 1.0)) * 3600

        def seconds(a: Spot, b: Spot) -> int:
            km = great_circle_km(a, b)
            return round(km * per_km) + self.settle if km > 0.02 else 0

        return seconds

    def table(self, spots: Sequence[Spot], *, hour: int) -> Table:
        seconds = self.seconds_at(hour)
        return [[seconds(a, b) for b in spots] for a in spots]


class RoadServer(ABC):
    """A routing server over HTTP, with a memory and a provider that answers when the server does not."""

    def __init__(self, url: str, fallback: TravelProvider, *, timeout: float = 2.0) -> None:
        self.url, self.fallback, self.timeout = url.rstrip("/"), fallback, timeout
        self.fell_back = False
        self._known: OrderedDict[tuple[float, float, float, float], int] = OrderedDict()

    def table(self, spots: Sequence[Spot], *, hour: int) -> Table:
        near = [Spot(round(lat, ROUNDED), round(lon, ROUNDED)) for lat, lon in spots]
        asked = list(dict.fromkeys(near))
        missing = [spot for spot in asked if any((*spot, *other) not in self._known for other in asked)]
        self.fell_back = False
        try:
            for i in range(0, len(missing), BLOCK):
                for j in range(0, len(asked), BLOCK):
                    self._learn(missing[i : i + BLOCK], asked[j : j + BLOCK])
        except (httpx.HTTPError, KeyError, TypeError, ValueError):
            self.fell_back = True
        plain = self.fallback.table(spots, hour=hour) if self.fell_back else []
        return [
            [
                0 if a == b else self._known.get((*a, *b), plain[i][j] if plain else 0)
                for j, b in enumerate(near)
            ]
            for i, a in enumerate(near)
        ]

    @abstractmethod
    def ask(self, sources: list[Spot], targets: list[Spot]) -> list[list[float | None]]:
        """Ask the server for the seconds from each source to each target; None where it knows no way."""

    def _learn(self, sources: list[Spot], targets: list[Spot]) -> None:
        for a, row in zip(sources, self.ask(sources, targets), strict=True):
            for b, seconds in zip(targets, row, strict=True):
                if seconds is None:
                    raise ValueError("no way is known")
                self._known[(*a, *b)] = round(seconds)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


class Osrm(RoadServer):
    """OSRM's table service: GET /table/v1/driving/{lon},{lat};…"""

    def ask(self, sources: list[Spot], targets: list[Spot]) -> list[list[float | None]]:
        spots = ";".join(f"{lon:.6f},{lat:.6f}" for lat, lon in [*sources, *targets])
        first = ";".join(str(n) for n in range(len(sources)))
        second = ";".join(str(len(sources) + n) for n in range(len(targets)))
        answer = httpx.get(
            f"{self.url}/table/v1/driving/{spots}", timeout=self.timeout,
            params={"sources": first, "destinations": second, "annotations": "duration"},
        )  # fmt: skip
        answer.raise_for_status()
        rows: list[list[float | None]] = answer.json()["durations"]
        return rows


class Valhalla(RoadServer):
    """Valhalla's matrix: POST /sources_to_targets."""

    def ask(self, sources: list[Spot], targets: list[Spot]) -> list[list[float | None]]:
        def listed(spots: list[Spot]) -> list[dict[str, float]]:
            return [{"lat": lat, "lon": lon} for lat, lon in spots]

        answer = httpx.post(
            f"{self.url}/sources_to_targets", timeout=self.timeout,
            json={"sources": listed(sources), "targets": listed(targets), "costing": "auto"},
        )  # fmt: skip
        answer.raise_for_status()
        return [[cell["time"] for cell in row] for row in answer.json()["sources_to_targets"]]


def provider_named(setting: str, plain: GreatCircle) -> TravelProvider:
    """Make the provider that a setting names: empty, `osrm https://…` or `valhalla https://…`."""
    kind, _space, url = setting.strip().partition(" ")
    if not kind:
        return plain
    makers = {"osrm": Osrm, "valhalla": Valhalla}
    if kind not in makers or not url.strip().startswith(("http://", "https://")):
        raise Invalid(
            "this names no travel provider",
            where="AFTERCARE_TRAVEL",
            expected="osrm http://… or valhalla http://…",
        )
    return makers[kind](url.strip(), plain)


@dataclass(frozen=True)
class Trip:
    """A finished way: straight-line kilometres, seconds it took, the hour it began."""

    km: float
    seconds: int
    hour: int


@dataclass(frozen=True)
class Calibration:
    """What finished trips say: the provider they make, from how many, and how wrong it is of them (percent, half and nine in ten)."""

    provider: GreatCircle
    trips: int
    error_half_pct: float
    error_most_pct: float


def calibrate(trips: Iterable[Trip], base: GreatCircle, *, least: int = 30, an_hour: int = 12) -> Calibration:
    """Set speed, and slow hours, from finished trips; fewer than `least` leave the provider as it is.

    Medians throughout, so that a lunch on the way or a clock set wrong moves nothing. Trips under 300 m or faster than
    120 km/h are left out.
    """
    good = [t for t in trips if t.km > 0.3 and t.seconds > base.settle and t.km / (t.seconds / 3600) < 120]
    if len(good) < least:
        return Calibration(base, len(good), 0.0, 0.0)

    def speed(of: list[Trip]) -> float:
        return statistics.median(t.km * base.detour / ((t.seconds - base.settle) / 3600) for t in of)

    kmh = speed(good)
    by_hour = {}
    for hour in range(24):
        of_hour = [t for t in good if t.hour == hour]
        if len(of_hour) >= an_hour:
            by_hour[hour] = round(min(max(speed(of_hour) / kmh, 0.3), 2.0), 3)
    fitted = GreatCircle(round(kmh, 2), base.detour, by_hour, base.settle)
    wrong = sorted(
        abs(t.km * fitted.detour / (fitted.kmh * by_hour.get(t.hour, 1.0)) * 3600 + fitted.settle - t.seconds) / t.seconds
        for t in good
    )  # fmt: skip
    most = wrong[min(len(wrong) - 1, round(0.9 * (len(wrong) - 1)))]
    return Calibration(fitted, len(good), round(100 * statistics.median(wrong), 1), round(100 * most, 1))
