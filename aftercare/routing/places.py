"""Places on the earth, and the three ways in which Chinese maps write them.

The core is WGS-84. GCJ-02 (Amap, Tencent) is WGS-84 shifted within China by a published polynomial; BD-09 (Baidu) is
GCJ-02 shifted once more. The shift is undone by fixed-point iteration to well under a metre.
"""

from __future__ import annotations

import math
from typing import NamedTuple

EARTH_KM = 6371.0088
RADIAN = math.pi / 180
AXIS, FLATNESS = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, as the shift is defined
BAIDU = math.pi * 3000.0 / 180.0


class Spot(NamedTuple):
    """A place in degrees of WGS-84."""

    lat: float
    lon: float


def great_circle_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Give the distance of two places (latitude, longitude in degrees) in kilometres, by the haversine formula."""
    la1, la2 = a[0] * RADIAN, b[0] * RADIAN
    across = math.sin((b[1] - a[1]) * RADIAN / 2)
    h = math.sin((la2 - la1) / 2) ** 2 + math.cos(la1) * math.cos(la2) * across * across
    return 2 * EARTH_KM * math.asin(math.sqrt(h))


def to_gcj02(spot: Spot) -> Spot:
    """Write a place as Chinese maps do; outside China nothing is shifted."""
    if not (0.8293 <= spot.lat <= 55.8271 and 72.004 <= spot.lon <= 137.8347):
        return spot
    x, y = spot.lon - 105.0, spot.lat - 35.0
    common = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + common
    north += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + common
    east += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    lat = math.radians(spot.lat)
    magic = 1 - FLATNESS * math.sin(lat) ** 2
    degrees_north = math.degrees(north / (AXIS * (1 - FLATNESS) / magic**1.5))
    degrees_east = math.degrees(east / (AXIS / math.sqrt(magic) * math.cos(lat)))
    return Spot(spot.lat + degrees_north, spot.lon + degrees_east)


def from_gcj02(spot: Spot) -> Spot:
    """Read a place that Amap or Tencent wrote."""
    guess = spot
    for _n in range(6):
        shifted = to_gcj02(guess)
        guess = Spot(guess.lat + spot.lat - shifted.lat, guess.lon + spot.lon - shifted.lon)
    return guess


def to_bd09(spot: Spot) -> Spot:
    """Write a place as Baidu does."""
    lat, lon = to_gcj02(spot)
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * BAIDU)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * BAIDU)
    return Spot(radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065)


def from_bd09(spot: Spot) -> Spot:
    """Read a place that Baidu wrote."""
    guess = Spot(spot.lat - 0.006, spot.lon - 0.0065)
    for _n in range(8):
        shifted = to_bd09(from_gcj02(guess))
        guess = Spot(guess.lat + spot.lat - shifted.lat, guess.lon + spot.lon - shifted.lon)
    return from_gcj02(guess)


READ = {"wgs84": lambda spot: spot, "gcj02": from_gcj02, "bd09": from_bd09}
WRITE = {"wgs84": lambda spot: spot, "gcj02": to_gcj02, "bd09": to_bd09}
