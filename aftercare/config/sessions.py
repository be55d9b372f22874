"""Sessions in the database, as Django's; every request asks for one, with a query that is compiled once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.db.models import QuerySet
from django.utils import timezone

from aftercare.compiled import compiled


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Any:
        found = _sessions(self.session_key or "", timezone.now())
        if found:
            return found[0]
        self._session_key = None
        return None


@compiled
def _sessions(key: str, now: datetime) -> QuerySet[Any]:
    return db.SessionStore.get_model_class().objects.filter(session_key=key, expire_date__gt=now)
