"""Fixtures of all tests: caches are forgotten between tests, and the cast is founded on demand."""

from __future__ import annotations

import os
import pickle
import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest


def pytest_collection_modifyitems(config, items):
    """Have files that wait for browsers and processes run beside files that compute.

    On another server only what touches a database is run: what may differ there is the SQL. Every page is opened; of a test
    of the domain, whose cases send the same SQL, one case is enough.
    """
    if os.environ.get("AFTERCARE_TEST_SERVER"):
        tests: dict[str, list] = {}
        for item in items:
            alike = item.nodeid.startswith(("aftercare/", "tests/abuse/"))
            tests.setdefault(item.nodeid.partition("[")[0] if alike else item.nodeid, []).append(item)
        kept = {cases[0] for cases in tests.values() if _touches_a_database(cases[0])}
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]
    files: dict[str, list] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    heavy = [
        f for f in files.values() if any(i.get_closest_marker(m) for i in f for m in ("browser", "slow"))
    ]
    light = [f for f in files.values() if f not in heavy]
    heavy.sort(key=len, reverse=True)
    share = (
        len(light) * 3 // 4 // max(1, len(heavy))
    )  # a quarter is left for the end, so that no worker idles
    ordered = []
    for place, file in enumerate(heavy):
        ordered += [*file, *(i for some in light[place * share : (place + 1) * share] for i in some)]
    items[:] = [*ordered, *(i for some in light[len(heavy) * share :] for i in some)]


def _touches_a_database(item) -> bool:
    return bool({"db", "transactional_db"} & set(item.fixturenames) or item.get_closest_marker("django_db"))


@pytest.fixture(autouse=True, scope="session")
def _empty_what_is_full():
    """Empty only the tables that hold rows after a test: emptying all eighty took longer than most tests."""
    from django.db import connection
    from django.test import TransactionTestCase

    kept = {"django_content_type", "auth_permission"}

    def empty(self):
        tables = [
            t
            for t in connection.introspection.django_table_names(only_existing=True, include_views=False)
            if t not in kept
        ]
        with connection.cursor() as cursor:
            looked = ", ".join(f'EXISTS (SELECT FROM "{table}")' for table in tables)
            cursor.execute(f"SELECT current_setting('is_superuser') = 'on', {looked}")
            superuser, *held = cursor.fetchone()
            full = [table for table, holds in zip(tables, held, strict=True) if holds]
            deletes = [f'DELETE FROM "{table}"' for table in full]  # noqa: S608
            if superuser:  # every row goes: nobody need look whether another points to it
                deletes = [
                    "SET session_replication_role = replica",
                    *deletes,
                    "RESET session_replication_role",
                ]
            if full:
                cursor.execute("; ".join(deletes))

    TransactionTestCase._fixture_teardown = empty


@pytest.fixture(autouse=True, scope="session")
def _parse_each_pack_once():
    """Every test founds a company of its own; a third of that was reading the same TOML."""
    from aftercare.policies.rules import loading

    @cache
    def parsed(text: str) -> bytes:
        return pickle.dumps(tomllib.loads(text))

    kept = loading.tomllib
    loading.tomllib = SimpleNamespace(
        loads=lambda text: pickle.loads(parsed(text)),  # noqa: S301 - made here
        TOMLDecodeError=tomllib.TOMLDecodeError,
    )
    yield
    loading.tomllib = kept


@pytest.fixture(autouse=True)
def _forget_caches():
    from aftercare.briefly import forget_all
    from aftercare.people.selectors import zone_of
    from aftercare.policies.selectors import policy_version

    for forget in (forget_all, policy_version.cache_clear, zone_of.cache_clear):
        forget()


@pytest.fixture
def cast(transactional_db):
    from aftercare.visits.learned import forget_learned
    from tests.cast import found

    forget_learned()  # what a test before this one taught
    return found()


@pytest.fixture
def cast_now(transactional_db):
    """Give the cast as of the real present, on shift round the clock, for tests that go through a door."""
    from tests.cast import found

    return found(datetime.now(UTC), shift_hours=24)


@pytest.fixture
def signed_in(cast_now, client):
    """Give a function that signs somebody of the cast in."""

    def sign_in(name: str):
        client.force_login(cast_now.staff[name])
        return client

    return sign_in


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Give the folder of public data for trials; skip where it is absent."""
    folder = Path(os.environ.get("AFTERCARE_DATA", Path(__file__).parent.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the folder of public trial data is not here (AFTERCARE_DATA)")
    return folder
