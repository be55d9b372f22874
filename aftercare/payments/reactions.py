"""What is owed follows from visits."""

from __future__ import annotations

from datetime import datetime

from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_fact
from aftercare.people.rules import MACHINE
from aftercare.visits.models import Visit

from .services import drop_for_visit, open_payment, settle_payment


@on_fact("visit.tested")
def on_visit_tested(fact: Fact, at: datetime) -> None:
    open_payment(Visit.objects.select_related("order").get(pk=fact.subject_id), by=MACHINE, at=fact.at)


@on_fact("visit.finished")
def on_visit_finished(fact: Fact, at: datetime) -> None:
    settle_payment(Visit.objects.get(pk=fact.subject_id), by=MACHINE, at=fact.at)


@on_fact("visit.abandoned")
def on_visit_abandoned(fact: Fact, at: datetime) -> None:
    drop_for_visit(fact.subject_id, by=MACHINE, at=fact.at)
