"""A service day on an accelerated clock: people of the demo do, at their times, what the doors let people do."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.dateparse import parse_datetime

from aftercare.customers.models import Customer
from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer, refuse_offer
from aftercare.followup.models import Recovery, Survey
from aftercare.followup.services import answer_recovery, answer_survey, mark_unreachable, take_recovery
from aftercare.intake.models import Request
from aftercare.intake.rules import RequestForm
from aftercare.intake.services import answer_request, plan_request, receive_from_customer, receive_request
from aftercare.ledger.models import Fact
from aftercare.ledger.selectors import facts_after
from aftercare.ledger.services import deliver_until_idle
from aftercare.payments.selectors import pays_online
from aftercare.people.models import Staff
from aftercare.people.rules import Actor, customer_actor
from aftercare.people.selectors import actor_for
from aftercare.policies.rules import TestItem
from aftercare.policies.selectors import policy_for
from aftercare.products.models import Item
from aftercare.refusals import Refusal
from aftercare.visits.models import Appointment, Visit
from aftercare.visits.services import (
    arrive,
    choose_slot,
    decline_line,
    depart,
    diagnose,
    finish_repair,
    finish_visit,
    give_consent,
    measure_visit,
    quote_visit,
    reschedule_visit,
    start_remote_support,
)
from aftercare.workorders.models import WorkOrder

from .founding import ZONE, Founded
from .paying import payment_opened, pays_by_link
from .pressure import call_came, team_formed
from .reports import paper_asked, paper_filed
from .signature import SIGNATURE
from .stories import ANGRY, OPINIONS_BAD, OPINIONS_GOOD, Story

CHANNELS = (("phone", 35), ("shop_chat", 18), ("wechat", 14), ("app", 12), ("web", 9), ("qr", 12))
HOURS = (1, 1, 1, 1, 1, 1, 2, 6, 12, 18, 19, 16, 13, 14, 16, 16, 15, 14, 15, 17, 14, 9, 5, 2)


@dataclass
class Day:
    """The simulation: a heap of things to do, each at its simulated instant."""

    founded: Founded
    starts_at: datetime
    ends_at: datetime
    luck: random.Random
    run_schedule: Callable[[datetime], int]
    tick: timedelta = timedelta(minutes=3)
    things: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    order: itertools.count[int] = field(default_factory=itertools.count)
    stories: dict[int, Story] = field(default_factory=dict)
    tally: Counter[str] = field(default_factory=Counter)
    seen: int = 0
    actors: dict[int, Actor] = field(default_factory=dict)

    def at(self, when: datetime, what: Callable[[datetime], None]) -> None:
        heapq.heappush(self.things, (when, next(self.order), what))

    def later(self, now: datetime, low: float, high: float, what: Callable[[datetime], None]) -> None:
        """Do `what` some minutes from now."""
        self.at(now + timedelta(minutes=self.luck.uniform(low, high)), what)

    def actor(self, staff: Staff) -> Actor:
        if staff.pk not in self.actors:
            self.actors[staff.pk] = actor_for(staff)
        return self.actors[staff.pk]

    def run(self, requests: int, progress: Callable[[float], None]) -> None:
        """Run the day to its end; every step goes through the services, and every fact is delivered as it goes."""
        self._plan_arrivals(requests)
        now = self.starts_at
        while now < self.ends_at:
            now = min(now + self.tick, self.ends_at)
            busy = False
            while self.things and self.things[0][0] <= now:
                when, _order, what = heapq.heappop(self.things)
                self._try(what, when)
                busy = True
            if self.run_schedule(now) or busy:
                deliver_until_idle(at=now)
                self._watch(now)
            progress((now - self.starts_at) / (self.ends_at - self.starts_at))

    def _try(self, what: Callable[[datetime], None], when: datetime) -> None:
        try:
            what(when)
        except Refusal as refusal:
            self.tally[f"refused: {refusal.code}"] += 1

    def _plan_arrivals(self, count: int) -> None:
        hours = []
        hour = self.starts_at
        while hour < self.ends_at - timedelta(minutes=20):
            hours.append((hour, HOURS[hour.astimezone(ZONE).hour]))
            hour += timedelta(hours=1)
        for start, _weight in self.luck.choices(hours, weights=[w for _h, w in hours], k=count):
            when = min(
                start + timedelta(minutes=self.luck.uniform(0, 60)), self.ends_at - timedelta(minutes=5)
            )
            self.at(when, self._request_comes)

    def _request_comes(self, now: datetime) -> None:
        luck, founded = self.luck, self.founded
        customer, items = luck.choice(founded.owners)
        item = luck.choice(items)
        fitting = [s for s in founded.company.stories if s.category == item.product.category]
        story = luck.choice(fitting or founded.company.stories)
        angry = luck.random() < 0.08
        channel = luck.choices([c for c, _ in CHANNELS], weights=[w for _, w in CHANNELS])[0]
        form = RequestForm(
            kind=story.kind, description=(ANGRY if angry else "") + story.words, channels=(channel,),
            name=customer.full_name, phone=customer.phone, product_model=item.product.model,
            serial=item.serial if luck.random() < 0.8 else "", purchased_on=item.purchased_on, address=customer.address,
            lat=customer.lat, lon=customer.lon, category=story.category, unit_id=customer.unit_id,
        )  # fmt: skip
        request = self._receive(form, customer, item, channel, now)
        self.stories[request.pk] = story
        self.tally["requests"] += 1
        agent = luck.choice(founded.agents)
        if story.kind in ("inquiry",) or (story.kind == "complaint" and not story.readings):
            self.later(
                now,
                2,
                25,
                lambda at: answer_request(request, by=self.actor(agent), at=at, answer=story.solution),
            )
        elif luck.random() < 0.82:
            self.later(now, 2, 24, lambda at: plan_request(
                request, by=self.actor(agent), at=at, plan="已安排工程师，稍后短信选择上门时间。"))  # fmt: skip

    def _receive(
        self, form: RequestForm, customer: Customer, item: Item, channel: str, now: datetime
    ) -> Request:
        if channel in ("web", "qr"):
            by = customer_actor(customer.pk, customer.name_masked)
            assert form.unit_id is not None
            return receive_from_customer(form, unit_id=form.unit_id, item=item, by=by, at=now)
        agent = self.luck.choice(self.founded.agents)
        form = RequestForm(**{**form.__dict__, "customer_id": customer.pk, "item_id": item.pk})
        request = receive_request(form, by=self.actor(agent), at=now)
        if channel == "phone":
            call_came(self, request, agent, now)
        return request

    def _watch(self, now: datetime) -> None:
        """Let people notice what happened: every new fact may call for somebody's next step."""
        while facts := facts_after(self.seen, limit=500):
            for fact in facts:
                self.seen = fact.pk
                self.tally[fact.name] += 1
                reaction = _REACTIONS.get(fact.name)
                if reaction:
                    reaction(self, fact, now)

    # -- what people do when they notice -------------------------------------------------------------------------

    def offer_made(self, fact: Fact, now: datetime) -> None:
        staff = self.founded.engineers.get(fact.values["staff"])
        if staff is None:
            return
        chance = self.luck.random()
        if chance < 0.84:
            self.later(now, 0.5, 11, lambda at: accept_offer(_offer(fact), by=self.actor(staff), at=at))
        elif chance < 0.93:
            reason = self.luck.choice(("time", "parts", "skill", "unwell"))
            self.later(
                now, 0.5, 9, lambda at: refuse_offer(_offer(fact), reason, by=self.actor(staff), at=at)
            )

    def offer_accepted(self, fact: Fact, now: datetime) -> None:
        order = WorkOrder.objects.select_related("request").get(pk=fact.order_id or 0)
        if order.service_type == "remote" and order.assignee_id:
            staff = self.founded.engineers[order.assignee_id]
            self.later(now, 4, 30, lambda at: self._remote(order, staff, at))

    def slots_proposed(self, fact: Fact, now: datetime) -> None:
        chance = self.luck.random()
        if chance < 0.92:
            index = 0 if self.luck.random() < 0.75 else len(fact.values["slots"]) - 1
            self.later(now, 1, 35, lambda at: self._choose(fact.subject_id, index, at))

    def _choose(self, appointment_id: int, index: int, now: datetime) -> None:
        appointment = Appointment.objects.select_related("order__request__customer").get(pk=appointment_id)
        customer = appointment.order.request.customer
        if appointment.state == "proposed" and customer:
            choose_slot(appointment, index, by=customer_actor(customer.pk, customer.name_masked), at=now)

    def booked(self, fact: Fact, now: datetime) -> None:
        appointment = Appointment.objects.get(pk=fact.subject_id)
        assert appointment.starts_at
        if fact.name == "appointment.booked" and self.luck.random() < 0.04:
            self.later(now, 3, 30, lambda at: self._reschedule(appointment.pk, at))
        late = self.luck.random() < 0.07
        offset = timedelta(minutes=self.luck.uniform(125, 160) if late else self.luck.uniform(-12, 70))
        self.at(max(now + timedelta(minutes=2), appointment.starts_at + offset - timedelta(minutes=18)),
                lambda at: self._depart(appointment.pk, fact.values["starts_at"], at))  # fmt: skip

    def _reschedule(self, appointment_id: int, now: datetime) -> None:
        appointment = Appointment.objects.select_related("order__request").get(pk=appointment_id)
        if appointment.state != "booked" or not appointment.starts_at or not appointment.ends_at:
            return
        shift = timedelta(hours=self.luck.choice((2, 4)))
        agent = self.luck.choice(self.founded.agents)
        reschedule_visit(
            appointment, starts_at=appointment.starts_at + shift, ends_at=appointment.ends_at + shift,
            by=self.actor(agent), at=now, because="客户来电改期",
        )  # fmt: skip

    def _depart(self, appointment_id: int, promised: str, now: datetime) -> None:
        appointment = Appointment.objects.select_related("order__request").get(pk=appointment_id)
        if appointment.state != "booked" or (appointment.starts_at != parse_datetime(promised)):
            return
        staff = self.founded.engineers.get(appointment.engineer_id)
        order = appointment.order
        if staff is None or order.assignee_id != staff.pk:
            return
        visit = depart(order, by=self.actor(staff), at=now)
        self.later(now, 8, 22, lambda at: self._arrive(visit.pk, staff, at))

    def _arrive(self, visit_id: int, staff: Staff, now: datetime) -> None:
        arrive(_visit(visit_id), by=self.actor(staff), at=now)
        self.later(now, 8, 20, lambda at: self._diagnose(visit_id, staff, at))

    def _remote(self, order: WorkOrder, staff: Staff, now: datetime) -> None:
        visit = start_remote_support(
            WorkOrder.objects.select_related("request").get(pk=order.pk), by=self.actor(staff), at=now
        )
        self.later(now, 3, 12, lambda at: self._diagnose(visit.pk, staff, at))

    def _diagnose(self, visit_id: int, staff: Staff, now: datetime) -> None:
        visit, actor = _visit(visit_id), self.actor(staff)
        story = self.stories[visit.order.request_id]
        diagnose(
            visit, phenomenon=story.words[:60], cause=story.cause or "外观检查，缝隙 2 mm", by=actor, at=now
        )
        parts = [(story.part, 1)] if story.part else []
        services = [story.service] if story.service and self.luck.random() < 0.6 else []
        total = quote_visit(visit, parts=parts, services=services, by=actor, at=now)
        if total == 0:
            self.later(now, 10, 30, lambda at: self._repair(visit_id, staff, at))
        else:
            self.later(now, 1, 12, lambda at: self._consent(visit_id, staff, at))

    def _consent(self, visit_id: int, staff: Staff, now: datetime) -> None:
        visit = _visit(visit_id)
        customer = visit.order.request.customer
        assert customer
        optional = visit.lines.filter(kind="service", is_free=False).first()
        if optional and self.luck.random() < 0.3:
            decline_line(visit, optional.pk, by=customer_actor(customer.pk, customer.name_masked), at=now)
        if visit.state == "quoted":
            if self.luck.random() < 0.5:
                give_consent(visit, amount_fen=visit.quote_fen, channel="link",
                             by=customer_actor(customer.pk, customer.name_masked), at=now)  # fmt: skip
            else:
                give_consent(visit, amount_fen=visit.quote_fen, channel="glass", signature=SIGNATURE,
                             by=self.actor(staff), at=now)  # fmt: skip
        self.later(now, 12, 35, lambda at: self._repair(visit_id, staff, at))

    def _repair(self, visit_id: int, staff: Staff, now: datetime) -> None:
        visit, actor = _visit(visit_id), self.actor(staff)
        story = self.stories[visit.order.request_id]
        finish_repair(visit, solution=story.solution or "检查并恢复正常", by=actor, at=now)
        readings = dict(story.readings)
        for item in _tests(visit):
            readings.setdefault(
                item.code, item.at_most if item.at_most is not None else (item.at_least or 0) + 1
            )
        measure_visit(
            visit, readings, checklist=["on_time", "badge", "covers", "clean", "explained"], by=actor, at=now
        )
        late = self.luck.random() < 0.06
        self.later(now, 12 if late else 1, 20 if late else 8, lambda at: self._finish(visit_id, staff, at))

    def _finish(self, visit_id: int, staff: Staff, now: datetime) -> None:
        finish_visit(
            _visit(visit_id), customer_signature=SIGNATURE, engineer_signature=SIGNATURE, by=self.actor(staff), at=now,
            paid_by="online" if pays_online() and pays_by_link(visit_id) else "scan", invoice_wanted=self.luck.random() < 0.4,
        )  # fmt: skip

    def survey_opened(self, fact: Fact, now: datetime) -> None:
        chance = self.luck.random()
        if chance < 0.8:
            self.later(now, 20, 400, lambda at: self._answer(fact.subject_id, at))
        elif chance < 0.9:
            agent = self.luck.choice(self.founded.agents)
            self.later(now, 200, 900, lambda at: mark_unreachable(
                Survey.objects.select_related("order").get(pk=fact.subject_id), by=self.actor(agent), at=at))  # fmt: skip

    def _answer(self, survey_id: int, now: datetime) -> None:
        survey = Survey.objects.select_related("order__request__customer").get(pk=survey_id)
        unhappy = self.luck.random() < 0.12
        base = self.luck.choice((2, 3)) if unhappy else self.luck.choice((4, 5, 5))
        codes = ("timeliness", "expertise", "friendliness", "resolution", "overall", "recommend")
        scores = {
            code: max(1, min(5, base + (0 if unhappy else self.luck.choice((0, 0, 0, 0))))) for code in codes
        }
        opinion = self.luck.choice(OPINIONS_BAD if unhappy else OPINIONS_GOOD)
        customer = survey.order.request.customer
        if self.luck.random() < 0.5 and customer:
            answer_survey(survey, scores, opinion=opinion, channel="sms",
                          by=customer_actor(customer.pk, customer.name_masked), at=now)  # fmt: skip
        else:
            answer_survey(survey, scores, opinion=opinion, channel="phone", complaint="slow" if unhappy else "",
                          by=self.actor(self.luck.choice(self.founded.agents)), at=now)  # fmt: skip

    def recovery_opened(self, fact: Fact, now: datetime) -> None:
        supervisor = self.founded.supervisor
        assert supervisor
        actor = self.actor(supervisor)
        if self.luck.random() < 0.85:
            self.later(now, 6, 75, lambda at: take_recovery(_recovery(fact), by=actor, at=at))
            self.later(now, 90, 500, lambda at: answer_recovery(
                _recovery(fact), solution="已致电致歉，安排免费复检一次", remedy="免费复检一次", by=actor, at=at))  # fmt: skip


_REACTIONS: dict[str, Callable[[Day, Fact, datetime], None]] = {
    "offer.made": Day.offer_made,
    "offer.accepted": Day.offer_accepted,
    "appointment.proposed": Day.slots_proposed,
    "appointment.booked": Day.booked,
    "appointment.rescheduled": Day.booked,
    "payment.opened": payment_opened,
    "survey.opened": Day.survey_opened,
    "recovery.opened": Day.recovery_opened,
    "paper.asked": paper_asked,
    "team.formed": team_formed,
    "paper.filed": paper_filed,
}


def _offer(fact: Fact) -> Offer:
    return Offer.objects.select_related("order__request", "staff").get(pk=fact.subject_id)


def _recovery(fact: Fact) -> Recovery:
    return Recovery.objects.select_related("survey", "order").get(pk=fact.subject_id)


def _visit(visit_id: int) -> Visit:
    return Visit.objects.select_related(
        "order__request__customer", "appointment__order", "engineer", "unit"
    ).get(pk=visit_id)


def _tests(visit: Visit) -> list[TestItem]:
    tests = policy_for(visit.unit_id).pack.visit.tests
    return list(tests.get(visit.order.category) or tests["default"])
