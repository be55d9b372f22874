"""Ways: coordinates of Chinese maps, routing servers that answer or do not, and what finished trips teach."""

from __future__ import annotations

import random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.refusals import Invalid
from aftercare.routing.places import READ, WRITE, Spot, great_circle_km, to_bd09, to_gcj02
from aftercare.routing.travel import GreatCircle, Osrm, Trip, Valhalla, calibrate, provider_named

GATE = Spot(39.907333, 116.391083)  # the Gate of Heavenly Peace, WGS-84
SPOTS = [Spot(30.24, 120.15), Spot(30.26, 120.16), Spot(30.24, 120.15)]


def test_a_known_place_is_where_the_maps_have_it():
    """The shift at the gate: about 500 m to the north-east on Amap, and about 1.1 km more on Baidu."""
    assert great_circle_km(GATE, to_gcj02(GATE)) == pytest.approx(0.55, abs=0.1)
    assert to_gcj02(GATE) == pytest.approx((39.908736, 116.397322), abs=1e-4)
    assert to_bd09(GATE) == pytest.approx((39.915085, 116.403693), abs=2e-4)


@given(st.floats(20, 50), st.floats(75, 134), st.sampled_from(["gcj02", "bd09", "wgs84"]))
def test_reading_undoes_writing_to_a_metre(lat, lon, kind):
    spot = Spot(lat, lon)
    assert great_circle_km(READ[kind](WRITE[kind](spot)), spot) < 0.001


def test_outside_china_nothing_is_shifted():
    assert to_gcj02(Spot(48.86, 2.35)) == Spot(48.86, 2.35)


def test_the_same_door_costs_nothing_and_rush_hours_more():
    plain = GreatCircle(24, 1.35, {8: 0.5})
    table = plain.table(SPOTS, hour=10)
    assert table[0][2] == 0 and table[0][1] == table[1][0] > 180
    assert plain.table(SPOTS, hour=8)[0][1] - 180 == pytest.approx(2 * (table[0][1] - 180), abs=1)


def test_osrm_is_asked_once_and_remembered(monkeypatch):
    asked = []

    def get(url, **how):
        asked.append(url)
        sources, targets = (how["params"][name].split(";") for name in ("sources", "destinations"))
        rows = [[60.4 * abs(int(i) - int(j) + len(sources)) for j in targets] for i in sources]
        return httpx.Response(200, json={"durations": rows}, request=httpx.Request("GET", url))

    monkeypatch.setattr(httpx, "get", get)
    server = Osrm("http://127.0.0.1:5000/", GreatCircle())
    table = server.table(SPOTS, hour=9)
    assert asked[0].startswith("http://127.0.0.1:5000/table/v1/driving/120.150000,30.240000;")
    assert table[0][0] == table[0][2] == 0 and table[0][1] > 0 and not server.fell_back
    assert server.table(SPOTS, hour=9) == table
    assert len(asked) == 1


def test_valhalla_answers_in_its_own_way(monkeypatch):
    def post(url, **how):
        rows = [[{"time": 77} for _t in how["json"]["targets"]] for _s in how["json"]["sources"]]
        return httpx.Response(200, json={"sources_to_targets": rows}, request=httpx.Request("POST", url))

    monkeypatch.setattr(httpx, "post", post)
    assert Valhalla("http://127.0.0.1:8002", GreatCircle()).table(SPOTS, hour=9)[0][1] == 77


@pytest.mark.parametrize("trouble", ["time-out", "refusal", "nonsense", "no way"])
def test_a_silent_server_is_answered_for(monkeypatch, trouble):
    def get(url, **how):
        request = httpx.Request("GET", url)
        if trouble == "time-out":
            raise httpx.ReadTimeout("late", request=request)
        body = {"refusal": {}, "nonsense": {"durations": [[1]]}, "no way": {"durations": [[None] * 2] * 2}}[
            trouble
        ]
        return httpx.Response(503 if trouble == "refusal" else 200, json=body, request=request)

    monkeypatch.setattr(httpx, "get", get)
    server, plain = Osrm("http://127.0.0.1:5000", GreatCircle()), GreatCircle()
    assert server.table(SPOTS, hour=9) == plain.table(SPOTS, hour=9)
    assert server.fell_back


def test_finished_trips_set_the_speed_and_the_slow_hours():
    luck = random.Random(5)
    trips = []
    for _n in range(400):
        km, hour = luck.uniform(0.5, 12), luck.choice([8, 10, 14])
        kmh = 15 if hour == 8 else 30
        trips.append(Trip(km, round(km * 1.35 / kmh * 3600 * luck.uniform(0.9, 1.1)) + 180, hour))
    trips += [Trip(1.0, 9 * 3600, 10)] * 20  # a night at home in between
    found = calibrate(trips, GreatCircle())
    assert found.provider.kmh == pytest.approx(30, rel=0.12)
    assert found.provider.by_hour[8] == pytest.approx(0.5, abs=0.08)
    assert found.error_half_pct < 10
    assert calibrate(trips[:10], GreatCircle()).provider == GreatCircle()


def test_settings_that_name_nothing_are_refused():
    assert provider_named("", GreatCircle()) == GreatCircle()
    assert isinstance(provider_named("osrm http://127.0.0.1:5000", GreatCircle()), Osrm)
    for wrong in ("google", "osrm", "osrm ftp://x"):
        with pytest.raises(Invalid):
            provider_named(wrong, GreatCircle())
