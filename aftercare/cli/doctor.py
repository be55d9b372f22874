"""Examine an installation."""

from __future__ import annotations

import os
import shutil
import stat
import sys

from aftercare.config.embedded import database_for
from aftercare.config.home import aftercare_home
from aftercare.privacy.keyring import create_keys, keys_file

Finding = tuple[bool, str, str]


def examine() -> list[Finding]:
    """Give findings: whether it is well, what was looked at, and how to mend it."""
    home = aftercare_home()
    found: list[Finding] = [
        (sys.version_info >= (3, 11), f"Python {sys.version.split()[0]}", "install Python 3.11 or newer"),
    ]
    if not os.environ.get("AFTERCARE_KEYS"):
        create_keys(home)
        mode = stat.S_IMODE(keys_file(home).stat().st_mode)
        found.append(
            (mode & 0o077 == 0, f"keys.json is closed to others ({mode:o})", f"chmod 600 {keys_file(home)}")
        )
    free = shutil.disk_usage(home).free
    found.append((free > 2**30, f"{free / 2**30:.1f} GiB of disk free", "make room: less than 1 GiB is left"))
    try:
        with database_for(home) as url:
            found += _database(url, home)
    except Exception as error:  # noqa: BLE001 - a doctor reports whatever is wrong
        found.append((False, f"the database can't be reached: {str(error).splitlines()[0]}",
                      "set DATABASE_URL, or look at the log in " + str(home / "db" / "log")))  # fmt: skip
    return found


def _database(url: str, home: object) -> list[Finding]:
    import django
    import psycopg

    found: list[Finding] = []
    with psycopg.connect(url) as connection:
        version, encoding, collation = connection.execute(
            "SELECT current_setting('server_version_num')::int, pg_encoding_to_char(encoding), datcollate "
            "FROM pg_database WHERE datname = current_database()"
        ).fetchone() or (0, "", "")
    found.append((version >= 150000, f"PostgreSQL {version // 10000}", "use PostgreSQL 15 or newer"))
    found.append((encoding == "UTF8", f"encoding {encoding}", "create the database with ENCODING 'UTF8'"))
    found.append((collation in ("C", "C.UTF-8", "POSIX"), f"collation {collation}",
                  "create the database with LC_COLLATE 'C' TEMPLATE template0"))  # fmt: skip
    data = aftercare_home() / "db"
    if not os.environ.get("AFTERCARE_OUTSIDE") and data.is_dir():
        mode = stat.S_IMODE(data.stat().st_mode)
        found.append(
            (mode & 0o077 == 0, f"the database folder is closed to others ({mode:o})", f"chmod 700 {data}")
        )
    django.setup()
    from django.db import connection as link
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(link)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    found.append((not missing, f"{len(missing)} migrations missing", "run: aftercare migrate"))
    if missing:
        return found
    from aftercare.ledger.selectors import parked_facts
    from aftercare.ledger.services import backlog
    from aftercare.people.rules import MACHINE
    from aftercare.people.selectors import root_unit, staff_for
    from aftercare.policies.selectors import policy_versions

    found.append(
        (
            root_unit() is not None,
            "there is a company",
            "run: aftercare user add GL2024001 --name … --role administrator",
        )
    )
    found.append((staff_for(MACHINE, role="administrator").exists(), "there is an administrator",
                  "run: aftercare user add GL2024001 --name … --role administrator"))  # fmt: skip
    found.append(
        (
            any(v.active for v in policy_versions(MACHINE)),
            "a policy pack is in force",
            "run: aftercare policy activate appliance",
        )
    )
    waiting = max(backlog().values(), default=0)
    found.append(
        (
            waiting < 10_000,
            f"{waiting} facts wait for the slowest consumer",
            "is a worker running? aftercare up, or aftercare worker",
        )
    )
    parked = [p for p in parked_facts() if p.given_up]
    found.append(
        (not parked, f"{len(parked)} reactions given up", "look: aftercare ledger parked; then --retry")
    )
    return found
