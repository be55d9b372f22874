"""Keep a search cluster as it should be."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from .. import cluster
from ..models import Article
from ..selectors import documents

_log = structlog.get_logger()
OVERLAP = timedelta(minutes=2)  # changes are looked at again for so long, for a transaction may commit late


class _Filled:
    """Up to when this process has told the cluster of changes; nothing at its start, when it tells of all."""

    at: datetime | None = None


def fill_cluster(*, at: datetime) -> int:
    """Tell the search cluster, if there is one, what changed since the last time; all of it at the start of a process."""
    if not cluster.is_set():
        return 0
    rows = Article.objects.all()
    if _Filled.at is not None:
        rows = rows.filter(changed_at__gte=_Filled.at - OVERLAP)
    changed = dict(rows.values_list("pk", "state"))
    if _Filled.at is not None and not changed:
        _Filled.at = at
        return 0
    shown = [pk for pk, state in changed.items() if state == "published"]
    try:
        sent = cluster.fill(
            documents(only=shown), [pk for pk, state in changed.items() if state != "published"]
        )
    except cluster.Unreachable as error:
        _log.warning("search_cluster_not_filled", problem=str(error)[:200])
        return 0
    _Filled.at = at
    return sent


def fill_anew() -> None:
    """Have the next filling tell the cluster of everything."""
    _Filled.at = None
