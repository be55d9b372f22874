"""Activate policy packs, change the policy in force through a draft, and go back to an earlier version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.people.models import Unit
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid, NotFound, Stale

from .models import PolicyDraft, PolicyVersion
from .rules import PACKS, changes_of, drafted, load_pack, parse_pack
from .selectors import forget_active_versions


def activate_pack(
    name: str,
    *,
    by: Actor,
    at: datetime,
    overlays: Iterable[str] = (),
    unit: Unit | None = None,
    folder: Path = PACKS,
) -> PolicyVersion:
    """Load a pack with its overlays, and make it the version in force from now; older decisions keep theirs.

    Refuses a pack with a wrong value, naming file, key and what was expected. The same content again changes nothing.
    """
    require(by, "activate_policy")
    content, _pack = load_pack(name, overlays, folder)
    return _activate(content, name=name, overlays=list(overlays), unit=unit, by=by, at=at)


def edit_draft(
    posted: Mapping[str, str], toml: str, *, by: Actor, at: datetime, revision: int, unit: Unit | None = None
) -> PolicyDraft:
    """Keep what the tables and the TOML of a draft change in the policy in force; what is wrong is refused, naming key and value.

    Refuses a draft that somebody else has changed since `revision` (0: none was there).
    """
    require(by, "activate_policy")
    with transaction.atomic():
        base = _in_force(unit)
        draft = PolicyDraft.objects.select_for_update().filter(unit=unit).first()
        if (draft.revision if draft else 0) != revision:
            raise Stale(_("somebody else changed this draft a moment ago"), [])
        changes = changes_of(base.content, posted)
        parse_pack(drafted(base.content, changes, toml), where=base.pack)
        draft = draft or PolicyDraft(unit=unit, revision=0)
        draft.base, draft.changes, draft.toml, draft.revision = base, changes, toml, draft.revision + 1
        draft.edited_at, draft.edited_by = at, by.name
        draft.save()
    return draft


def discard_draft(draft: PolicyDraft, *, by: Actor) -> None:
    require(by, "activate_policy")
    draft.delete()


def activate_draft(draft: PolicyDraft, *, by: Actor, at: datetime, because: str) -> PolicyVersion:
    """Make a draft the policy in force from now, with the reason. Refuses when the policy under it has changed meanwhile."""
    require(by, "activate_policy")
    with transaction.atomic():
        locked = PolicyDraft.objects.select_for_update().select_related("base").get(pk=draft.pk)
        if _in_force(locked.unit).pk != locked.base_id:
            raise Conflict(
                _("another policy came into force meanwhile; save the draft again to lay it over that one"),
                code="base_changed",
            )
        base = locked.base
        content = drafted(base.content, locked.changes, locked.toml)
        parse_pack(content, where=base.pack)
        version = _activate(
            content,
            name=base.pack,
            overlays=base.overlays,
            unit=locked.unit,
            by=by,
            at=at,
            because=_reason(because),
        )
        locked.delete()
    return version


def roll_back(version: PolicyVersion, *, by: Actor, at: datetime, because: str) -> PolicyVersion:
    """Put an earlier version in force again, as a new version with the same content: what it decided before stays its own."""
    require(by, "activate_policy")
    parse_pack(version.content, where=version.pack)
    return _activate(
        version.content, name=version.pack, overlays=version.overlays, unit=version.unit, by=by, at=at, because=_reason(because),
        back_to=version.number,
    )  # fmt: skip


def _activate(
    content: dict[str, Any], *, name: str, overlays: list[str], unit: Unit | None, by: Actor, at: datetime, because: str = "",
    **noted: Any,
) -> PolicyVersion:  # fmt: skip
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE policies_policyversion IN SHARE ROW EXCLUSIVE MODE")
        current = PolicyVersion.objects.filter(active=True, unit=unit).first()
        if current and current.digest == digest:
            return current
        PolicyVersion.objects.filter(active=True, unit=unit).update(active=False)
        number = (PolicyVersion.objects.aggregate(last=Max("number"))["last"] or 0) + 1
        version = PolicyVersion.objects.create(
            number=number, pack=name, overlays=overlays, content=content, digest=digest, unit=unit,
            activated_at=at, activated_by=by.name,
        )  # fmt: skip
        forget_active_versions()
        transaction.on_commit(forget_active_versions)
        values = {"pack": name, "number": number, "digest": digest, **noted}
        record("policy.activated", version, by=by, at=at, because=because, values=values)
    return version


def _in_force(unit: Unit | None) -> PolicyVersion:
    found = PolicyVersion.objects.filter(active=True, unit=unit).first()
    if found is None:
        raise NotFound()
    return found


def _reason(because: str) -> str:
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    return because.strip()[:300]
