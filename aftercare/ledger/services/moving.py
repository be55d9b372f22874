"""The one writer of every `state` column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.refusals import Conflict

from ..models import Fact, Stateful
from ..rules import By, is_legal
from .facts import record


def move(
    row: Stateful,
    to: str,
    *,
    by: By,
    at: datetime,
    because: str = "",
    values: Mapping[str, Any] | None = None,
    fact: str = "",
    **changes: Any,
) -> Fact:
    """Move `row` to state `to` by compare-and-set, save `changes` with it and append the fact.

    Refused with `Conflict` when the row's MOVES table does not allow it or somebody else moved it first.
    """
    state: str = row.state  # type: ignore[attr-defined]
    if not is_legal(row.MOVES, state, to):
        raise Conflict(
            _("%(kind)s is %(state)s and can't become %(to)s") % {"kind": row.KIND, "state": state, "to": to},
            where="state",
            expected=", ".join(sorted(row.MOVES.get(state, ()))) or _("no further move"),
            code="illegal_move",
        )
    rows: Any = type(row)._default_manager
    changed = rows.filter(pk=row.pk, state=state).update(
        state=to, state_since=at, revision=F("revision") + 1, **changes
    )
    if not changed:
        raise Conflict(_("somebody else changed this a moment ago"), where="state", code="moved_meanwhile")
    row.state, row.state_since, row.revision = to, at, row.revision + 1  # type: ignore[attr-defined]
    for name, value in changes.items():
        setattr(row, name, value)
    return record(fact or f"{row.KIND}.{to}", row, by=by, at=at, because=because, values=values)
