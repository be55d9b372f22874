"""Django's PostgreSQL backend, with a cheaper look at whether a kept connection still lives."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection whose health is read from its socket: a server that has gone has closed its end.

    Django asks `SELECT 1` once a request, which is a round trip; here only a socket with something to read is asked.
    """

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.pgconn.socket, select.POLLIN)
        return True if not poll.poll(0) else bool(super().is_usable())
