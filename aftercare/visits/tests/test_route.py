"""The rest of an engineer's day: how far it is to each job, when to set out, what will not be in time, and what to bring."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.parts.models import Part
from aftercare.people.services import report_position
from aftercare.routing.places import great_circle_km
from aftercare.visits.learned import LEAST, forget_learned, usual_parts
from aftercare.visits.models import QuoteLine, Visit
from aftercare.visits.route import route_ahead
from aftercare.visits.selectors import planned_spans
from aftercare.visits.services import book_visit, depart
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import assign_work_order, equip_work_order
from tests.cast import HERE, MORNING

HOUR = timedelta(hours=1)
DEGREE = 10 / 111.2  # of latitude that ten kilometres are
MINUTES = 10 * 1.35 / 24 * 60 + 3  # of ten kilometres: the detour, the speed, the time to park


def later(minutes):
    return MORNING + timedelta(minutes=minutes)


@pytest.fixture
def booked(cast):
    """Give a function that books a visit of Zhou's some kilometres north of the store."""

    def book(phone, km, begins):
        order = cast.order(phone=phone, lat=HERE[0] + DEGREE * km / 10)
        WorkOrder.objects.filter(pk=order.pk).update(assignee=None)
        assign_work_order(order, cast.staff["zhou"].pk, by=cast.actor("pan"), at=MORNING)
        book_visit(order, starts_at=begins, ends_at=begins + 2 * HOUR, by=cast.actor("li"), at=MORNING)
        return WorkOrder.objects.select_related("request", "pickup_unit").get(pk=order.pk)

    return book


def route(cast, jobs, *, at=MORNING, done=()):
    jobs = [WorkOrder.objects.select_related("request", "pickup_unit").get(pk=job.pk) for job in jobs]
    return route_ahead(cast.staff["zhou"].pk, jobs, done, planned_spans(job.pk for job in jobs), at=at)


def test_the_first_is_left_for_in_time_and_the_next_once_one_is_free(cast, booked):
    jobs = [booked("13900000001", 10, later(120)), booked("13900000002", 20, later(180))]
    report_position(cast.staff["zhou"].pk, lat=HERE[0], lon=HERE[1], at=MORNING)
    found = route(cast, jobs)
    first, second = (found.legs[job.pk] for job in jobs)
    km = 1.35 * great_circle_km(HERE, (jobs[0].lat, HERE[1]))
    assert first.km == pytest.approx(km) and first.minutes == pytest.approx(MINUTES, abs=1)
    assert first.leave_at == pytest.approx(later(120 - MINUTES - 5), abs=timedelta(minutes=1)), (
        "five minutes before (M56)"
    )
    ends = planned_spans([jobs[0].pk])[jobs[0].pk][1]
    assert second.leave_at >= ends and second.minutes == pytest.approx(MINUTES, abs=1)
    assert found.done_at == planned_spans([jobs[1].pk])[jobs[1].pk][1]
    assert not first.late and not second.late


def test_who_is_behind_sees_what_that_does_to_the_rest_of_the_day(cast, booked):
    jobs = [booked("13900000001", 10, later(60)), booked("13900000002", 20, later(120))]
    report_position(cast.staff["zhou"].pk, lat=HERE[0], lon=HERE[1], at=later(175))
    found = route(cast, jobs, at=later(175))
    first, second = (found.legs[job.pk] for job in jobs)
    assert first.leave_at < later(60) and first.late, "the window ended at 180"
    assert (
        second.leave_at == pytest.approx(later(175 + MINUTES + 60), abs=timedelta(minutes=2)) and second.late
    )
    assert found.done_at == pytest.approx(later(175 + 2 * MINUTES + 120), abs=timedelta(minutes=3))


def test_they_are_where_the_phone_said_else_at_the_last_job_else_at_home(cast, booked):
    done, job = booked("13900000001", 20, later(60)), booked("13900000002", 30, later(240))
    zhou = cast.staff["zhou"]
    report_position(zhou.pk, lat=HERE[0] + DEGREE * 2.5, lon=HERE[1], at=later(0))
    assert route(cast, [job], at=later(20), done=[done]).legs[job.pk].km == pytest.approx(1.35 * 5, rel=0.02)
    assert route(cast, [job], at=later(40), done=[done]).legs[job.pk].km == pytest.approx(1.35 * 10, rel=0.02)
    zhou.home_lat, zhou.home_lon = HERE[0] + DEGREE * 2.9, HERE[1]
    zhou.save()
    assert route(cast, [job], at=later(40)).legs[job.pk].km == pytest.approx(1.35 * 1, rel=0.02)


def test_parts_are_fetched_on_the_way_and_a_place_nobody_knows_has_none(cast, booked):
    job, nowhere = booked("13900000001", 10, later(120)), booked("13900000002", 20, later(240))
    report_position(cast.staff["zhou"].pk, lat=HERE[0] - DEGREE, lon=HERE[1], at=MORNING)
    direct = route(cast, [job]).legs[job.pk]
    equip_work_order(job, people=1, pickup_unit_id=cast.store.pk, by=cast.actor("pan"), at=MORNING)
    by_the_store = route(cast, [job]).legs[job.pk]
    assert by_the_store.km == pytest.approx(
        direct.km
    ) and by_the_store.leave_at == direct.leave_at - timedelta(minutes=3), "one more stop"
    WorkOrder.objects.filter(pk=nowhere.pk).update(lat=None, lon=None)
    assert set(route(cast, [job, nowhere]).legs) == {job.pk}
    assert route(cast, []).legs == {}


def test_on_the_way_only_the_way_is_told(cast, booked):
    job = booked("13900000001", 10, later(120))
    depart(job, by=cast.actor("zhou"), at=later(80))
    found = route(cast, [job], at=later(90))
    leg = found.legs[job.pk]
    assert leg.leave_at is None and not leg.late and leg.km > 0
    assert found.done_at == planned_spans([job.pk])[job.pk][1]
    assert route(cast, [job], at=later(400)).done_at is None, "it takes longer than planned: who knows"


def test_what_visits_like_it_needed_most_is_worth_bringing(cast, booked):
    order = booked("13900000001", 10, later(120))
    capacitor, fan, board = (
        Part.objects.create(code=f"P{n}", name=f"配件{n}", category="aircon", price_fen=100) for n in range(3)
    )
    forget_learned()
    assert usual_parts(order) == {}, "too few have been made"
    for n in range(2 * LEAST):
        visit = Visit.objects.create(
            number=f"OS-{n}", order=order, engineer=cast.staff["zhou"], unit=cast.store, state="finished", state_since=MORNING, record_hash="x",
            departed_at=MORNING, arrived_at=MORNING, finished_at=MORNING + HOUR, policy_id=order.policy_id,
        )  # fmt: skip
        for part, needed in ((capacitor, n < 6), (fan, n < 2), (board, n < 1)):
            if needed:
                QuoteLine.objects.create(visit=visit, kind="part", part=part, name=part.name, price_fen=100)
                QuoteLine.objects.create(visit=visit, kind="part", part=part, name=part.name, price_fen=100)
    assert usual_parts(order) == {}, "kept for an hour"
    forget_learned()
    assert usual_parts(order) == {capacitor.pk: 60, fan.pk: 20}
    QuoteLine.objects.filter(part=capacitor).update(declined=True)
    forget_learned()
    assert usual_parts(order) == {fan.pk: 20}, "what the customer left out was not needed"
