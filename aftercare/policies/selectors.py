"""Find the policy in force."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _

from aftercare.briefly import briefly
from aftercare.people.models import Unit
from aftercare.people.rules import Actor
from aftercare.people.selectors import path_of
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid, NotFound

from .models import PolicyDraft, PolicyVersion
from .rules import Pack, load_pack, merged, parse_pack


@dataclass(frozen=True)
class Policy:
    """A policy version as everybody above uses it."""

    id: int
    number: int
    name: str
    pack: Pack = field(compare=False)

    @property
    def title(self) -> str:
        return f"{self.pack.pack.title.zh} v{self.number}"


def policy_for(unit_id: int | None = None) -> Policy:
    """Give the policy in force for a unit: its own, else that of the nearest unit above, else the company's."""
    active = _active_versions("")
    if not active:
        raise Conflict(
            _("no policy pack is active; run: aftercare policy activate appliance"), code="no_policy"
        )
    if len(active) > 1 and unit_id is not None:
        for above in reversed(path_of(unit_id)):
            if above in active:
                return policy_version(active[above])
    return policy_version(active[None])


@lru_cache(maxsize=64)
def policy_version(version_id: int) -> Policy:
    """Give one version; they never change, so each process parses each once."""
    row = PolicyVersion.objects.filter(id=version_id).first()
    if row is None:
        raise NotFound()
    return Policy(row.pk, row.number, row.pack, parse_pack(row.content, where=row.pack))


def tried_pack(name_or_path: str, policy: Policy) -> Pack:
    """Give a pack to try out: one by name, or a TOML file whose tables (`[[clocks.clocks]]`, …) are laid over a policy."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        return load_pack(name_or_path)[1]
    try:
        above = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Invalid(f"{path.name}: {error}", where=path.name, expected="TOML") from error
    content = PolicyVersion.objects.values_list("content", flat=True).get(id=policy.id)
    return parse_pack(merged(content, above), where=path.name)


def forget_active_versions() -> None:
    """Make this process look up the active versions anew; others do within a second."""
    _active_versions.forget()


def policy_versions(actor: Actor) -> list[PolicyVersion]:
    require(actor, "read_policy")
    return list(PolicyVersion.objects.select_related("unit").order_by("-number"))


def draft_for(actor: Actor, unit: Unit | None = None) -> PolicyDraft | None:
    """Give the draft of the policy of a unit (None: the company), for those who may put it in force."""
    require(actor, "activate_policy")
    return PolicyDraft.objects.select_related("base").filter(unit=unit).first()


def version_numbered(actor: Actor, number: int) -> PolicyVersion:
    require(actor, "read_policy")
    found = PolicyVersion.objects.filter(number=number).first()
    if found is None:
        raise NotFound()
    return found


def version_over(unit: Unit | None) -> PolicyVersion:
    """Give the version in force for a unit: its own, else that of the nearest unit above, else the company's (`unit` None)."""
    active = {row.unit_id: row for row in PolicyVersion.objects.filter(active=True)}
    above = reversed(path_of(unit.pk)) if unit else ()
    found = next((active[pk] for pk in above if pk in active), active.get(None))
    if found is None:
        raise NotFound()
    return found


def units_following(unit: Unit | None) -> set[int] | None:
    """Give the units for which a policy of this unit counts: all below it that have none nearer. None: every unit there is."""
    own = set(PolicyVersion.objects.filter(active=True, unit__isnull=False).values_list("unit_id", flat=True))
    if unit is None and not own:
        return None
    own |= {unit.pk} if unit else set()
    found = set()
    for pk, path in Unit.objects.values_list("id", "path"):
        nearest = next(
            (int(step) for step in reversed(path.strip("/").split("/")) if step and int(step) in own), None
        )
        if nearest == (unit.pk if unit else None):
            found.add(pk)
    return found


@briefly
def _active_versions(_company: str) -> dict[int | None, int]:
    rows = PolicyVersion.objects.filter(active=True)
    return {row.unit_id: row.pk for row in rows.only("unit_id", "id")}
