"""Reads of surveys and recoveries."""

from __future__ import annotations

from django.db.models import QuerySet

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import NotFound

from .models import Recovery, Survey


def surveys_for(actor: Actor, *, state: str = "") -> QuerySet[Survey]:
    require(actor, "read_survey")
    rows = Survey.objects.select_related("order__request__customer", "order__assignee", "unit").order_by(
        "due_at"
    )
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return rows.filter(state=state) if state else rows


def survey_for(actor: Actor, number: str) -> Survey:
    found = surveys_for(actor).filter(number=number).first()
    if found is None:
        raise NotFound()
    return found


def survey_of(order_id: int) -> Survey | None:
    return Survey.objects.filter(order_id=order_id).select_related("order__request").first()


def recoveries_for(actor: Actor, *, state: str = "") -> QuerySet[Recovery]:
    require(actor, "read_survey")
    rows = Recovery.objects.select_related("survey", "order__request__customer", "owner", "unit").order_by(
        "opened_at"
    )
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    return rows.filter(state=state) if state else rows


def recovery_for(actor: Actor, recovery_id: int) -> Recovery:
    found = recoveries_for(actor).filter(id=recovery_id).first()
    if found is None:
        raise NotFound()
    return found


def recovery_of(order_id: int) -> Recovery | None:
    return Recovery.objects.filter(order_id=order_id).select_related("survey", "owner").first()
