"""Make an installation ready: keys, database, Django, migrations."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from aftercare.config.embedded import database_for
from aftercare.config.home import aftercare_home
from aftercare.privacy.keyring import create_keys


@contextlib.contextmanager
def installation(*, migrate: bool = True) -> Iterator[None]:
    """Open the installation: the embedded server is started when no DATABASE_URL is set, and stopped afterwards."""
    home = aftercare_home()
    create_keys(home)
    with database_for(home):
        import django

        django.setup()
        if migrate:
            bring_up_to_date()
        yield


def bring_up_to_date() -> bool:
    """Apply migrations that are missing; give whether there were any."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        call_command("migrate", verbosity=0, stdout=io.StringIO())
        call_command("createcachetable", verbosity=0, stdout=io.StringIO())
    return bool(missing)


def now() -> datetime:
    return datetime.now(UTC)


def say(text: str = "") -> None:
    print(text)
    sys.stdout.flush()
