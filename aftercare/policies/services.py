"""Activate policy packs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Max

from aftercare.ledger.services import record
from aftercare.people.models import Unit
from aftercare.people.rules import Actor
from aftercare.people.services import require

from .models import PolicyVersion
from .rules import PACKS, load_pack
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
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE policies_policyversion IN SHARE ROW EXCLUSIVE MODE")
        current = PolicyVersion.objects.filter(active=True, unit=unit).first()
        if current and current.digest == digest:
            return current
        PolicyVersion.objects.filter(active=True, unit=unit).update(active=False)
        number = (PolicyVersion.objects.aggregate(last=Max("number"))["last"] or 0) + 1
        version = PolicyVersion.objects.create(
            number=number, pack=name, overlays=list(overlays), content=content, digest=digest, unit=unit,
            activated_at=at, activated_by=by.name,
        )  # fmt: skip
        forget_active_versions()
        transaction.on_commit(forget_active_versions)
        record(
            "policy.activated",
            version,
            by=by,
            at=at,
            values={"pack": name, "number": number, "digest": digest},
        )
    return version
