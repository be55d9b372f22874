"""Inputs that could not be taken: kept, shown, corrected on the page, and taken in."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid, Refusal

from ..models import RawInput, Request
from ..rules import RequestForm
from ..rules.mapping import Mapping, map_row
from .receiving import receive_request


def keep_refused_input(channel: str, body: Any, refusal: Refusal, *, unit_id: int) -> RawInput:
    """Keep what a channel delivered and why it was refused, so that nobody's words are lost."""
    return RawInput.objects.create(
        channel=channel, body=json.dumps(body, ensure_ascii=False, default=str), state="refused", unit_id=unit_id,
        problems=[asdict(problem) for problem in refusal.problems] or [{"where": "", "what": refusal.what}],
    )  # fmt: skip


def correct_raw_input(raw: RawInput, changes: dict[str, str], *, by: Actor, at: datetime) -> Request:
    """Take a refused input in with corrected values; what is still wrong is shown again."""
    require(by, "receive_request", unit_id=raw.unit_id, reach=True)
    if raw.state != "refused":
        raise Conflict(_("this input was dealt with already"))
    body = {**json.loads(raw.body), **changes}
    form = _form_of(raw, body)
    raw.body = json.dumps(body, ensure_ascii=False)
    try:
        with transaction.atomic():
            request = receive_request(form, by=by, at=at)
            claimed = RawInput.objects.filter(pk=raw.pk, state="refused").update(
                state="accepted", request=request, problems=[], body=raw.body
            )
            if not claimed:
                raise Conflict(_("this input was dealt with already"))
    except Invalid as refusal:
        raw.problems = [asdict(problem) for problem in refusal.problems]
        raw.save(update_fields=["problems", "body"])
        raise
    return request


def discard_raw_input(raw: RawInput, *, by: Actor, at: datetime, because: str) -> None:
    """Set an input aside for good, with a reason."""
    require(by, "receive_request", unit_id=raw.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    if RawInput.objects.filter(pk=raw.pk, state="refused").update(state="discarded"):
        record("raw_input.discarded", raw, by=by, at=at, because=because.strip())


def _form_of(raw: RawInput, body: dict[str, Any]) -> RequestForm:
    if raw.job is not None:
        form, problems = map_row(
            {k: str(v) for k, v in body.items()}, Mapping.model_validate(raw.job.mapping)
        )
        if form is None:
            raise Invalid(_("the row can't be taken yet"), problems)
        return RequestForm(**{**form.__dict__, "unit_id": raw.unit_id})
    known: dict[str, Any] = {name: body.get(name) or "" for name in (
        "kind", "description", "name", "phone", "email", "address", "product_model", "serial", "remark",
    )}  # fmt: skip
    return RequestForm(**known, channels=(raw.channel,), unit_id=raw.unit_id, strict_writing=False)
