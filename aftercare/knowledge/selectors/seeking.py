"""Who looks for something, and which articles they may see."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from aftercare.people.rules import DESK, EXPERTS, FIELD, LEADERS, READERS, Actor
from aftercare.people.selectors import path_of
from aftercare.people.services import require

from ..models import Article
from ..states import Audience

LEVELS = tuple(Audience.values)


@dataclass(frozen=True)
class Seeker:
    """Who looks for an answer: up to which audience they read, the units whose articles they see (None: all), and the policy that applies."""

    level: int
    units: frozenset[int] | None
    unit_id: int | None

    @property
    def audiences(self) -> tuple[str, ...]:
        return LEVELS[: self.level + 1]


def seeker_of(actor: Actor) -> Seeker:
    """Make the seeker of a member of staff or an API client."""
    require(actor, "read_knowledge")
    if actor.kind == "machine" or actor.roles & LEADERS:
        level = LEVELS.index("leaders")
    elif actor.kind == "client" or actor.roles & (READERS | DESK | EXPERTS):
        level = LEVELS.index("desk")
    else:
        level = LEVELS.index("staff" if actor.roles & FIELD else "public")
    units = None if actor.units is None else actor.units | frozenset(path_of(actor.unit_id or 0))
    return Seeker(level, units, actor.unit_id)


def customer_seeker(unit_id: int) -> Seeker:
    """Make the seeker of a customer of a unit: what is meant for everybody, from the company down to that unit."""
    return Seeker(0, frozenset(path_of(unit_id)), unit_id)


def visible_to(seeker: Seeker) -> QuerySet[Article]:
    rows = Article.objects.filter(audience__in=seeker.audiences)
    return rows if seeker.units is None else rows.filter(unit_id__in=seeker.units)
