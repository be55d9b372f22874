"""Keys for systems: made once, shown once, stored hashed; and the answers kept for Idempotency-Key."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from aftercare.briefly import briefly
from aftercare.ledger.services import record
from aftercare.refusals import Conflict, Invalid

from ..models import ApiClient, Replay, Unit
from ..rules import MATRIX, Actor
from ..selectors import actor_for_client
from .access import require


def create_client(
    *, name: str, unit: Unit, verbs: Iterable[str], by: Actor, at: datetime
) -> tuple[ApiClient, str]:
    """Create an API client; give it and its key, which can't be shown again."""
    require(by, "manage_clients")
    asked = sorted(set(verbs))
    unknown = [verb for verb in asked if verb not in MATRIX]
    if unknown or not asked:
        raise Invalid(
            _("unknown scope: %(verbs)s") % {"verbs": ", ".join(unknown)},
            where="verbs",
            expected=", ".join(MATRIX),
        )
    key = f"ac_{secrets.token_urlsafe(32)}"
    client = ApiClient.objects.create(
        name=name.strip(), unit=unit, verbs=asked, key_hash=_hashed(key), key_hint=f"{key[:7]}…"
    )
    record("api_client.created", client, by=by, at=at, values={"verbs": asked})
    return client, key


def revoke_client(client: ApiClient, *, by: Actor, at: datetime) -> None:
    """Switch a client's key off for good."""
    require(by, "manage_clients")
    ApiClient.objects.filter(pk=client.pk).update(active=False)
    client_of_key.forget()
    record("api_client.revoked", client, by=by, at=at)


@briefly
def client_of_key(key: str) -> tuple[ApiClient, Actor] | None:
    """Find the active client a key belongs to, and who it acts as; a revoked key works for a second at most."""
    client = ApiClient.objects.select_related("unit").filter(key_hash=_hashed(key), active=True).first()
    return (client, actor_for_client(client)) if client else None


def kept_answer(client: ApiClient, key: str, digest: str) -> Replay | None:
    """Give the answer kept for this Idempotency-Key; refuse when the key was used for something else."""
    kept = Replay.objects.filter(client=client, key=key).first()
    if kept and kept.digest != digest:
        raise Conflict(
            _("this Idempotency-Key was used for another request"),
            where="Idempotency-Key",
            expected=_("a new key"),
        )
    return kept


def keep_answer(client: ApiClient, key: str, digest: str, *, status: int, body: Any) -> None:
    """Keep the answer to a write, in the write's own transaction; a second writer with the key fails and repeats."""
    Replay.objects.create(client=client, key=key, digest=digest, status=status, body=body)


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
