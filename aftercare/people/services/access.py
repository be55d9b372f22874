"""Verbs and limits: every write asks here first."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, models
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.refusals import Forbidden, Invalid, NotFound, TooMany

from ..rules import Actor

_COUNT = """
INSERT INTO people_tally (key, "window", count) VALUES (%s, %s, 1)
ON CONFLICT (key, "window") DO UPDATE SET count = people_tally.count + 1
RETURNING count
"""


def require(actor: Actor, verb: str, *, unit_id: int | None = None, reach: bool = False) -> None:
    """Refuse unless `actor` has `verb`; with `reach`, also unless the row's unit is within reach (as if missing)."""
    if not actor.can(verb):
        raise Forbidden(_("your role does not allow this"))
    if reach and not actor.reaches(unit_id):
        raise NotFound()


def count_against_limit(key: str, *, limit: int, per: int, at: datetime) -> None:
    """Count one happening of `key`; refuse with `TooMany` past `limit` within a window of `per` seconds."""
    seconds = int(at.timestamp())
    window = seconds // per
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [key[:120], window])
        count = cursor.fetchone()[0]
    if count > limit:
        raise TooMany(_("too many tries; wait a little"), wait_for=per - seconds % per)


def reveal(
    actor: Actor, row: models.Model, fields: list[str], *, at: datetime, because: str
) -> dict[str, str]:
    """Show personal fields of `row` in clear to a role that may, for a reason, which leaves a fact."""
    require(actor, "reveal_contact")
    if len(because.strip()) < 2:
        raise Invalid(_("say why you need it"), where="because", expected=_("a reason, which is recorded"))
    count_against_limit(f"reveal:{actor.kind}:{actor.id}", limit=60, per=3600, at=at)
    record(
        "contact.revealed", row, by=actor, at=at, because=because.strip(), values={"fields": sorted(fields)}
    )
    return {name: getattr(row, name) for name in fields}
