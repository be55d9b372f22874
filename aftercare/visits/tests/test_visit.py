"""The appliance example: diagnosed by measurement, nothing charged without consent, proven by numbers, signed and sealed."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image

from aftercare.customers.rules import DECIDING, acts_of
from aftercare.customers.services import open_link
from aftercare.demo.signature import SIGNATURE
from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer
from aftercare.intake.models import Request
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import Message
from aftercare.parts.models import Stock
from aftercare.people.rules import customer_actor
from aftercare.people.services import report_position
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.visits.learned import arrives_about
from aftercare.visits.models import Visit
from aftercare.visits.selectors import hash_of, signed_by_link, visit_for
from aftercare.visits.services import (
    abandon_visit,
    add_photo,
    announce_lateness,
    arrive,
    book_visit,
    decline_line,
    depart,
    diagnose,
    finish_repair,
    finish_visit,
    give_consent,
    measure_visit,
    quote_visit,
    show_trace,
    sign_record,
    start_remote_support,
    verify_record,
)  # fmt: skip
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import (
    assign_work_order,
    book_work_order,
    convert_to_visit,
    release_work_order,
)
from tests.cast import MORNING

CAUSE = "启动电容实测 12 µF（标称 35 µF），电压 218 V"
GOOD = {"ambient": 30.0, "outlet": 16.0, "current": 4.7}


def later(minutes):
    return MORNING + timedelta(minutes=minutes)


@pytest.fixture
def on_site(cast):
    def go(days_owned=280, **changes):
        order = cast.order(purchased_on=(MORNING - timedelta(days=days_owned)).date(), **changes)
        accept_offer(
            Offer.objects.select_related("order").get(order=order), by=cast.actor("zhou"), at=later(4)
        )
        visit = depart(
            WorkOrder.objects.select_related("request").get(pk=order.pk), by=cast.actor("zhou"), at=later(60)
        )
        arrive(visit, by=cast.actor("zhou"), at=later(80))
        return visit

    return go


def test_when_an_engineer_on_the_way_arrives_is_told_by_where_they_were_seen_since(cast):
    order = cast.order()
    accept_offer(Offer.objects.select_related("order").get(order=order), by=cast.actor("zhou"), at=later(4))
    order = WorkOrder.objects.select_related("request").get(pk=order.pk)
    zhou = cast.staff["zhou"].pk
    report_position(zhou, lat=order.lat + 0.09, lon=order.lon, at=later(40))
    visit = depart(order, by=cast.actor("zhou"), at=later(60))
    assert arrives_about(visit, order, at=later(60)) is None, (
        "seen before setting out: that may be anywhere by now"
    )
    report_position(zhou, lat=order.lat + 0.09, lon=order.lon, at=later(60))
    about = arrives_about(visit, order, at=later(60))
    minutes = 10.0 * 1.35 / 24.0 * 60 + 3  # ten kilometres, the detour, the speed, the time to park
    assert later(60 + minutes) <= about <= later(60 + minutes + 6) and about.minute % 5 == 0
    report_position(zhou, lat=order.lat + 0.001, lon=order.lon, at=later(70))
    assert later(73) <= arrives_about(visit, order, at=later(70)) <= later(79), "nearer by now"
    assert arrives_about(visit, order, at=later(90)) is None, "they should have been there"
    report_position(zhou, lat=order.lat + 0.09, lon=order.lon, at=later(71))
    arrive(visit, by=cast.actor("zhou"), at=later(72))
    assert arrives_about(visit, order, at=later(72)) is None


def test_out_of_warranty_quote_first_consent_then_repair(cast, on_site):
    visit, zhou = on_site(days_owned=1200), cast.actor("zhou")
    diagnose(visit, phenomenon="外机嗡嗡响，不出冷风", cause=CAUSE, by=zhou, at=later(90))
    assert not visit.in_warranty
    assert (
        quote_visit(visit, parts=[("cap35", 1)], services=[], by=zhou, at=later(92)) == 25000
    )  # 200 + 50 = 250 yuan
    with pytest.raises(Conflict):
        finish_repair(visit, solution="换电容", by=zhou, at=later(93))
    with pytest.raises(Conflict):
        give_consent(
            visit, amount_fen=100, channel="link", by=customer_actor(cast.wang.pk, "王*"), at=later(94)
        )
    give_consent(
        visit, amount_fen=25000, channel="link", by=customer_actor(cast.wang.pk, "王*"), at=later(94)
    )
    finish_repair(visit, solution="更换启动电容", by=zhou, at=later(120))
    assert Stock.objects.get().quantity == 4
    assert measure_visit(visit, GOOD, checklist=["on_time", "nonsense"], by=zhou, at=later(130))
    with pytest.raises(Invalid, match="paid"):
        finish_visit(
            visit, customer_signature=SIGNATURE, engineer_signature=SIGNATURE, by=zhou, at=later(134)
        )
    finish_visit(
        visit,
        customer_signature=SIGNATURE,
        engineer_signature=SIGNATURE,
        by=zhou,
        at=later(134),
        paid_by="scan",
    )
    order = WorkOrder.objects.get()
    assert (order.state, order.parts_fen, order.fee_fen, order.visits) == ("completed", 20000, 5000, 1)
    deliver_until_idle(at=later(134))
    assert Request.objects.get().state == "closed"
    sealed = visit_for(zhou, visit.number)
    assert verify_record(sealed)
    Visit.objects.filter(pk=visit.pk).update(cause="电容坏")
    assert not verify_record(visit_for(zhou, visit.number))


def test_in_warranty_is_free_and_needs_no_consent(cast, on_site):
    visit, zhou = on_site(), cast.actor("zhou")
    diagnose(visit, phenomenon="不出冷风", cause=CAUSE, by=zhou, at=later(90))
    assert visit.in_warranty
    assert quote_visit(visit, parts=[("cap35", 1)], services=[], by=zhou, at=later(92)) == 0
    assert visit.state == "agreed"


def test_a_service_may_be_left_out_but_not_a_part(cast, on_site):
    visit, zhou = on_site(), cast.actor("zhou")
    diagnose(visit, phenomenon="不出冷风", cause=CAUSE, by=zhou, at=later(90))
    assert (
        quote_visit(visit, parts=[("cap35", 1)], services=[("外机清洗", 5000)], by=zhou, at=later(92)) == 5000
    )
    customer = customer_actor(cast.wang.pk, "王*")
    with pytest.raises(Invalid):
        decline_line(visit, visit.lines.get(kind="part").pk, by=customer, at=later(93))
    decline_line(visit, visit.lines.get(kind="service").pk, by=customer, at=later(93))
    assert (visit.quote_fen, visit.state) == (0, "agreed")


@pytest.mark.parametrize("cause", ["电容坏了", "老化", "看着像短路", ""])
def test_a_cause_without_a_measurement_is_refused(cast, on_site, cause):
    with pytest.raises(Invalid):
        diagnose(on_site(), phenomenon="不出冷风", cause=cause, by=cast.actor("zhou"), at=later(90))


def ready_to_test(cast, on_site):
    visit, zhou = on_site(), cast.actor("zhou")
    diagnose(visit, phenomenon="不出冷风", cause=CAUSE, by=zhou, at=later(90))
    quote_visit(visit, parts=[], services=[], by=zhou, at=later(92))
    finish_repair(visit, solution="清洗并加注", by=zhou, at=later(100))
    return visit, zhou


def test_every_reading_is_wanted_and_a_failed_one_needs_a_reason(cast, on_site):
    visit, zhou = ready_to_test(cast, on_site)
    with pytest.raises(Invalid) as refusal:
        measure_visit(visit, {"outlet": 16.0}, checklist=[], by=zhou, at=later(110))
    assert {p.where for p in refusal.value.problems} == {"readings.ambient", "readings.current"}
    with pytest.raises(Invalid) as refusal:
        measure_visit(visit, {**GOOD, "outlet": 24.0}, checklist=[], by=zhou, at=later(110))
    assert refusal.value.problems[0].expected == "≤ 18 ℃"
    assert not measure_visit(
        visit, {**GOOD, "outlet": 24.0}, checklist=[], by=zhou, at=later(111), because="室温 41 ℃，待复测"
    )


@pytest.mark.parametrize("drawn", ["", "data:image/png;base64,", "data:image/png;base64,QUJD", "hello"])
def test_without_both_signatures_nothing_is_finished(cast, on_site, drawn):
    visit, zhou = ready_to_test(cast, on_site)
    measure_visit(visit, GOOD, checklist=[], by=zhou, at=later(110))
    with pytest.raises(Invalid):
        finish_visit(visit, customer_signature=drawn, engineer_signature=SIGNATURE, by=zhou, at=later(112))
    assert WorkOrder.objects.get().state == "in_service"


def test_a_part_that_is_not_there_is_not_used(cast, on_site):
    Stock.objects.update(quantity=0)
    visit, zhou = on_site(), cast.actor("zhou")
    diagnose(visit, phenomenon="不出冷风", cause=CAUSE, by=zhou, at=later(90))
    quote_visit(visit, parts=[("cap35", 1)], services=[], by=zhou, at=later(92))
    with pytest.raises(Conflict) as refusal:
        finish_repair(visit, solution="换电容", by=zhou, at=later(95))
    assert refusal.value.code == "out_of_stock"
    assert Visit.objects.get().state == "agreed"


def test_somebody_elses_visit_is_out_of_reach(cast, on_site):
    visit = on_site()
    with pytest.raises(Forbidden):
        diagnose(visit, phenomenon="不出冷风", cause=CAUSE, by=cast.actor("chen"), at=later(90))


def test_breaking_off_dispatches_again(cast, on_site):
    visit = on_site()
    abandon_visit(visit, because="客户不在家", by=cast.actor("zhou"), at=later(85))
    deliver_until_idle(at=later(85))
    assert Offer.objects.filter(state="offered").count() == 1


def test_lateness_is_announced_in_one_tap(cast):
    order = cast.order()
    accept_offer(Offer.objects.select_related("order").get(), by=cast.actor("zhou"), at=later(4))
    order.refresh_from_db()
    with pytest.raises(Conflict):
        announce_lateness(order, 20, by=cast.actor("zhou"), at=later(5))  # nothing is promised yet
    visit = depart(order, by=cast.actor("zhou"), at=later(20))
    zhou, told = cast.actor("zhou"), Message.objects.filter(template="late")
    for minute, minutes, messages in ((30, 20, 1), (31, 20, 1), (35, 30, 2)):
        announce_lateness(order, minutes, by=zhou, at=later(minute))
        deliver_until_idle(at=later(minute))
        assert told.count() == messages, "the same word is told once, another one too"
    assert (order.late_minutes, order.late_told_at) == (30, later(35))
    for minutes in (1, 241):
        with pytest.raises(Invalid):
            announce_lateness(order, minutes, by=zhou, at=later(36))
    arrive(visit, by=zhou, at=later(40))
    with pytest.raises(Conflict):
        announce_lateness(order, 10, by=zhou, at=later(41))


def test_a_delay_that_comes_in_when_its_engineer_is_there_is_told_to_nobody(cast):
    """A phone without network sends both at once, in the order in which they happened."""
    order = cast.order()
    accept_offer(Offer.objects.select_related("order").get(), by=cast.actor("zhou"), at=later(4))
    order.refresh_from_db()
    visit = depart(order, by=cast.actor("zhou"), at=later(20))
    announce_lateness(order, 20, by=cast.actor("zhou"), at=later(30))
    arrive(visit, by=cast.actor("zhou"), at=later(50))
    deliver_until_idle(at=later(90))
    assert not Message.objects.filter(template="late").exists()


def test_an_announced_delay_belongs_to_its_window(cast):
    """It moves the hour from which on the visit is missed; a new window, or other hands, know nothing of it."""
    order, zhou = cast.order(), cast.actor("zhou")
    assign_work_order(order, cast.staff["zhou"].pk, by=zhou, at=later(4))
    book_work_order(order, starts_at=later(60), ends_at=later(120), by=zhou, at=later(5))
    announce_lateness(order, 30, by=zhou, at=later(80))
    assert not order.is_missed(later(149)) and order.is_missed(later(151))
    book_work_order(order, starts_at=later(200), ends_at=later(260), by=zhou, at=later(90))
    order = WorkOrder.objects.select_related("request").get(pk=order.pk)
    assert (order.late_minutes, order.late_told_at) == (None, None)
    announce_lateness(order, 30, by=zhou, at=later(230))
    release_work_order(order, by=zhou, at=later(231), because="车坏了")
    assert WorkOrder.objects.get(pk=order.pk).late_minutes is None


def test_an_arrival_says_how_long_before_the_windows_end_a_delay_was_told(cast):
    order, zhou = cast.order(), cast.actor("zhou")
    assign_work_order(order, cast.staff["zhou"].pk, by=zhou, at=later(4))
    book_visit(order, starts_at=later(60), ends_at=later(180), by=cast.actor("li"), at=later(5))
    order = WorkOrder.objects.select_related("request").get(pk=order.pk)
    visit = depart(order, by=zhou, at=later(130))
    announce_lateness(order, 20, by=zhou, at=later(140))
    arrive(visit, by=zhou, at=later(195))
    values = Fact.objects.get(name="visit.arrived").values
    assert (values["on_time"], values["late_told_ahead"]) == (False, 40)


def test_remote_support_becomes_a_visit_without_repeating(cast):
    order = cast.order()
    WorkOrder.objects.update(service_type="remote")
    accept_offer(Offer.objects.select_related("order").get(), by=cast.actor("zhou"), at=later(4))
    order = WorkOrder.objects.select_related("request").get()
    visit = start_remote_support(order, by=cast.actor("zhou"), at=later(6))
    assert (visit.is_remote, visit.state) == (True, "on_site")
    abandon_visit(visit, because="要拆机", by=cast.actor("zhou"), at=later(15))
    convert_to_visit(WorkOrder.objects.get(), by=cast.actor("li"), at=later(16), because="远程没解决")
    deliver_until_idle(at=later(16))
    order = WorkOrder.objects.get()
    assert (order.service_type, order.request.description[:4]) == ("visit", "空调开了")
    assert Offer.objects.filter(state="offered").exists()


def test_a_photo_loses_its_place(cast, on_site):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (30.0, 14.0, 24.0)}
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG", exif=exif)
    assert b"Exif" in out.getvalue()
    from aftercare.files.services import file_content

    photo = add_photo(on_site(), out.getvalue(), step="diagnosed", by=cast.actor("zhou"), at=later(85))
    assert b"Exif" not in file_content(photo.file)


def test_the_engineers_qr_code_opens_the_record_and_decides_nothing(cast, on_site):
    visit = on_site()
    token = show_trace(visit.order, by=cast.actor("zhou"), at=later(130))
    link = open_link(token, at=later(131), sender="10.0.0.1")
    assert link.case_id == visit.order.request_id
    assert not acts_of(link.purpose, used=False) & DECIDING
    with pytest.raises(Forbidden):
        show_trace(visit.order, by=cast.actor("chen"), at=later(131))


def test_the_serial_number_on_the_plate_takes_the_place_of_the_one_recorded(on_site, cast):
    zhou, visit = cast.actor("zhou"), on_site()
    before = visit.order.request.serial
    diagnose(visit, phenomenon="不出冷风", cause=CAUSE, serial=" HF35230815777 ", by=zhou, at=later(90))
    visit.order.request.refresh_from_db()
    assert visit.order.request.serial == "HF35230815777"
    read = Fact.objects.get(name="request.serial_read")
    assert read.values["before"] == before and read.values["serial"] == "HF35230815777"


def test_a_customer_signs_by_link_what_they_saw(cast, on_site):
    (visit, zhou), wang = ready_to_test(cast, on_site), customer_actor(cast.wang.pk, "王*")
    with pytest.raises(Conflict):
        sign_record(visit, SIGNATURE, seen="", by=wang, at=later(110))
    measure_visit(visit, GOOD, checklist=["on_time"], by=zhou, at=later(120))
    with pytest.raises(Conflict):
        sign_record(visit, SIGNATURE, seen="of another record", by=wang, at=later(121))
    with pytest.raises(Invalid):
        sign_record(visit, "", seen=hash_of(visit), by=wang, at=later(121))
    sign_record(visit, SIGNATURE, seen=hash_of(visit), by=wang, at=later(122))
    assert signed_by_link(visit).signed_at == later(122)
    measure_visit(visit, GOOD, checklist=["on_time"], by=zhou, at=later(130))
    assert signed_by_link(visit) is None, "tested again, it is another record"
    with pytest.raises(Invalid):
        finish_visit(visit, engineer_signature=SIGNATURE, by=zhou, at=later(131))
    sign_record(visit, SIGNATURE, seen=hash_of(visit), by=wang, at=later(132))
    finish_visit(visit, engineer_signature=SIGNATURE, by=zhou, at=later(140))
    assert verify_record(visit_for(zhou, visit.number))
    assert visit.signatures.get(who="customer").signed_at == later(132)
    with pytest.raises(Conflict):
        sign_record(visit, SIGNATURE, seen=hash_of(visit), by=wang, at=later(141))
