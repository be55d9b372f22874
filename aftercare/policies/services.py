"""Activate policy packs, change the policy in force through a draft, and go back to an earlier version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
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
from aftercare.refusals import Conflict, Invalid, Stale

from .models import PolicyDraft, PolicyVersion
from .rules import PACKS, changed_terms, changes_of, drafted, load_pack, parse_pack
from .selectors import forget_active_versions, version_over


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

    def edited(base: PolicyVersion, draft: PolicyDraft) -> tuple[dict[str, Any], str]:
        words = {"terms": draft.changes["terms"]} if "terms" in draft.changes else {}
        return {**changes_of(base.content, posted), **words}, toml

    return _edited(edited, by=by, at=at, revision=revision, unit=unit)


def edit_dictionary(
    group: str, posted: Mapping[str, str], *, by: Actor, at: datetime, revision: int, unit: Unit | None = None
) -> PolicyDraft:
    """Keep in the draft what a table changes in one group of the dictionary; everything else of the draft stays. Refuses as `edit_draft` does."""

    def edited(base: PolicyVersion, draft: PolicyDraft) -> tuple[dict[str, Any], str]:
        others = {
            code: rows
            for code, rows in draft.changes.get("terms", {}).get("groups", {}).items()
            if code != group
        }
        here = changed_terms(base.content, group, posted).get("terms", {}).get("groups", {})
        kept = {name: value for name, value in draft.changes.items() if name != "terms"}
        return {**kept, **({"terms": {"groups": {**others, **here}}} if others or here else {})}, draft.toml

    return _edited(edited, by=by, at=at, revision=revision, unit=unit)


def discard_draft(draft: PolicyDraft, *, by: Actor) -> None:
    require(by, "activate_policy")
    draft.delete()


def activate_draft(
    draft: PolicyDraft, *, by: Actor, at: datetime, because: str, revision: int
) -> PolicyVersion:
    """Make a draft, as it was seen, the policy in force from now, with the reason.

    Refuses when the policy under it, or the draft itself, has changed meanwhile.
    """
    require(by, "activate_policy")
    with transaction.atomic():
        locked = PolicyDraft.objects.select_for_update().select_related("base").get(pk=draft.pk)
        _refuse_stale(locked, revision)
        if version_over(locked.unit).pk != locked.base_id:
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


def follow_again(unit: Unit, *, by: Actor, at: datetime, because: str) -> None:
    """Take a unit's own policy out of force: what counts above it counts for it again, for open clocks too."""
    require(by, "activate_policy")
    with transaction.atomic():
        own = PolicyVersion.objects.select_for_update().filter(active=True, unit=unit).first()
        if own is None:
            raise Conflict(_("this unit has no policy of its own"), where="unit", code="no_own_policy")
        PolicyVersion.objects.filter(pk=own.pk).update(active=False)
        PolicyDraft.objects.filter(unit=unit).delete()
        forget_active_versions()
        transaction.on_commit(forget_active_versions)
        record("policy.retired", own, by=by, at=at, because=_reason(because), values={"number": own.number})


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


def _edited(
    edited: Callable[[PolicyVersion, PolicyDraft], tuple[dict[str, Any], str]], *, by: Actor, at: datetime, revision: int, unit: Unit | None
) -> PolicyDraft:  # fmt: skip
    require(by, "activate_policy")
    with transaction.atomic():
        base = version_over(unit)
        draft = PolicyDraft.objects.select_for_update().filter(unit=unit).first()
        _refuse_stale(draft, revision)
        draft = draft or PolicyDraft(unit=unit, revision=0)
        changes, toml = edited(base, draft)
        parse_pack(drafted(base.content, changes, toml), where=base.pack)
        draft.base, draft.changes, draft.toml, draft.revision = base, changes, toml, draft.revision + 1
        draft.edited_at, draft.edited_by = at, by.name
        draft.save()
    return draft


def _refuse_stale(draft: PolicyDraft | None, revision: int) -> None:
    if (draft.revision if draft else 0) != revision:
        raise Stale(_("somebody else changed this draft a moment ago"))


def _reason(because: str) -> str:
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    return because.strip()[:300]
