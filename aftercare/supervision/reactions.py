"""Complaints are graded when they come; facts that the pack names have papers asked for; a withdrawn breach takes its paper back."""

from __future__ import annotations

from datetime import datetime

from aftercare.intake.selectors import requests_by_id
from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_fact, on_facts
from aftercare.people.rules import MACHINE
from aftercare.policies.rules import ASKING, holds
from aftercare.policies.selectors import policy_for
from aftercare.sla.selectors import clocks_by_id

from .services import (
    Wanted,
    appraise_complaints,
    ask_again_after_merge,
    ask_papers,
    drop_clocks,
    form_teams,
    withdraw_with_merge,
)


@on_facts("request.received")
def on_requests_received(facts: list[Fact], at: datetime) -> None:
    ids = [f.subject_id for f in facts if f.values.get("kind") == "complaint" and not f.values.get("history")]
    appraise_complaints(
        [request for request in requests_by_id(ids) if request.state == "open"] if ids else [], at=at
    )


@on_facts("request.received", "request.urgency_changed")
def on_emergencies(facts: list[Fact], at: datetime) -> None:
    ids = {
        f.subject_id for f in facts if f.values.get("urgency") == "critical" and not f.values.get("history")
    }
    form_teams([request for request in requests_by_id(ids) if request.state == "open"] if ids else [], at=at)


@on_facts(*ASKING)
def on_facts_that_ask(facts: list[Fact], at: datetime) -> None:
    """Ask for the papers that the pack ties to these facts; a clock of a paper asks for no paper."""
    asking = [
        (fact, rule.code)
        for fact in facts
        if fact.case_id and not fact.values.get("history")
        for rule in policy_for(fact.unit_id).pack.papers.papers
        if fact.name in rule.asked_on and holds(rule.when, fact.values)
    ]
    if not asking:
        return
    clocks = clocks_by_id({fact.subject_id for fact, _code in asking if fact.subject_kind == "clock"})
    requests = {
        request.pk: request for request in requests_by_id({fact.case_id or 0 for fact, _code in asking})
    }
    wanted = []
    for fact, code in asking:
        clock = clocks.get(fact.subject_id) if fact.subject_kind == "clock" else None
        request = requests.get(fact.case_id or 0)
        if request is None or (
            fact.subject_kind == "clock"
            and (clock is None or clock.key.startswith("paper:") or clock.breached_at is None)
        ):
            continue
        about = [] if clock is None else [{
            "clock": clock.pk, "code": clock.code, "zh": clock.title_zh, "en": clock.title_en, "due_at": clock.due_at.isoformat(),
        }]  # fmt: skip
        holder = fact.values.get("holder") or request.owner_id
        wanted.append(Wanted(request, code, fact.order_id, holder, about, fact.name))
    ask_papers(wanted, by=MACHINE, at=at)


@on_facts("clock.breach_withdrawn")
def on_breaches_withdrawn(facts: list[Fact], at: datetime) -> None:
    gone: dict[int, set[int]] = {}
    for fact in facts:
        gone.setdefault(fact.case_id or 0, set()).add(fact.subject_id)
    drop_clocks(gone, at=at)


@on_fact("request.merged")
def on_request_merged(fact: Fact, at: datetime) -> None:
    withdraw_with_merge(fact.subject_id, at=fact.at)


@on_fact("request.unmerged")
def on_request_unmerged(fact: Fact, at: datetime) -> None:
    ask_again_after_merge(fact.subject_id, at=fact.at)
