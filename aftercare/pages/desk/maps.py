"""A small map drawn on the server: Web Mercator, so that tiles of any provider lie right behind it; plain without one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from aftercare.routing.places import WRITE, Spot

TILE = 256.0
CLOSEST, FARTHEST = 17.0, 3.0  # zoom
# name: address of a tile, how the provider writes places, who is to be named
PROVIDERS = {
    "osm": ("https://tile.openstreetmap.org/{z}/{x}/{y}.png", "wgs84", "© OpenStreetMap contributors"),
    "carto": ("https://basemaps.cartocdn.com/light_all/{z}/{x}/{y}.png", "wgs84", "© OpenStreetMap contributors © CARTO"),
    "amap": (
        "https://webrd01.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}", "gcj02", "© 高德地图",
    ),
    "tencent": ("https://rt0.map.gtimg.com/tile?z={z}&x={x}&y={-y}&styleid=1&version=297", "gcj02", "© 腾讯地图"),
    "tianditu": (
        "https://t0.tianditu.gov.cn/DataServer?T=vec_w&x={x}&y={y}&l={z}&tk={key}", "wgs84", "© 天地图",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Tiles:
    """Where the pictures of the earth come from: address by {z}, {x}, {y} (or {-y} from the south), how places are written."""

    address: str
    system: str
    credit: str

    @property
    def origin(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"


def tiles_set() -> Tiles | None:
    """Give the tiles that the settings name: a provider, or an address of one's own; None: a plain background."""
    named = settings.MAP_TILES
    if not named:
        return None
    address, system, credit = PROVIDERS.get(named, (named, "wgs84", ""))
    return Tiles(address.replace("{key}", settings.MAP_KEY), settings.MAP_SYSTEM or system, credit)


class View:
    """A picture of so many pixels in which all given places lie, with a margin."""

    def __init__(
        self, places: Iterable[Spot], width: float, height: float, system: str = "wgs84", margin: float = 20
    ) -> None:
        self.width, self.height, self._write = width, height, WRITE[system]
        points = [_mercator(self._write(spot)) for spot in places]
        west, east = min(x for x, _y in points), max(x for x, _y in points)
        north, south = min(y for _x, y in points), max(y for _x, y in points)
        room = min(
            (width - 2 * margin) / max(east - west, 1e-9), (height - 2 * margin) / max(south - north, 1e-9)
        )
        self.zoom = min(max(math.log2(room / TILE), FARTHEST), CLOSEST)
        self.scale = TILE * 2**self.zoom  # pixels of the whole earth
        self.left = (west + east) / 2 * self.scale - width / 2
        self.top = (north + south) / 2 * self.scale - height / 2

    def spot(self, lat: float, lon: float) -> tuple[float, float]:
        """Give where a place lies, in pixels from the upper left."""
        x, y = _mercator(self._write(Spot(lat, lon)))
        return round(x * self.scale - self.left, 1), round(y * self.scale - self.top, 1)

    def pictures(self, tiles: Tiles) -> list[dict[str, Any]]:
        """Give the tiles that lie behind the picture: address, place and side in pixels."""
        z = int(self.zoom)
        side, count = self.scale / 2**z, 2**z
        found = []
        for row in range(int(self.top // side), int((self.top + self.height) // side) + 1):
            for column in range(int(self.left // side), int((self.left + self.width) // side) + 1):
                if not 0 <= row < count:
                    continue
                named = {"{z}": z, "{x}": column % count, "{y}": row, "{-y}": count - 1 - row}
                address = tiles.address
                for word, number in named.items():
                    address = address.replace(word, str(number))
                found.append(
                    {
                        "href": address,
                        "x": round(column * side - self.left, 1),
                        "y": round(row * side - self.top, 1),
                        "side": round(side + 0.5, 1),
                    }
                )
        return found


def _mercator(spot: Spot) -> tuple[float, float]:
    """Give a place as shares of the whole earth, from the west and from the north (EPSG:3857)."""
    lat = math.radians(max(min(spot.lat, 85.05), -85.05))
    return spot.lon / 360 + 0.5, 0.5 - math.asinh(math.tan(lat)) / (2 * math.pi)
