"""What a phone reports hours later: once, as of when it happened, known from another phone, or kept aside and never lost."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aftercare.demo.signature import SIGNATURE
from aftercare.dispatch.models import Offer
from aftercare.dispatch.services import accept_offer, take_back_order
from aftercare.files.models import StoredFile, Upload
from aftercare.files.uploading import PIECE, forget_old_uploads, take_piece, uploaded
from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.refusals import Conflict, Forbidden, Invalid, NotFound
from aftercare.sla.models import Clock
from aftercare.sla.services import sweep_clocks
from aftercare.visits.models import FieldAction, Visit, VisitPhoto
from aftercare.visits.rules import STEP_STATES, instant_by_our_clock, is_behind
from aftercare.visits.selectors import held_words, held_work, orders_with_held_work
from aftercare.visits.services import Action, adopt_work, forget_field_actions, report_action, settle_work
from aftercare.workorders.models import WorkOrder
from tests.cast import MORNING
from tests.together import at_once

CAUSE = "启动电容实测 12 µF（标称 35 µF），电压 218 V"
WHOLE = [
    ("depart", {}, 60),
    ("arrive", {"checklist": ["badge", "covers", "nonsense"]}, 80),
    ("diagnose", {"phenomenon": ["外机嗡嗡响，不出冷风"], "cause": [CAUSE]}, 90),
    ("quote", {"part:cap35": ["1"]}, 92),
    ("consent", {"amount": ["25000"], "signature": [SIGNATURE]}, 95),
    ("repair", {"solution": ["更换启动电容"]}, 110),
    ("test", {"reading:ambient": ["30"], "reading:outlet": ["16"], "reading:current": ["4.7"], "checklist": ["clean"]}, 125),
    ("sign", {"customer_signature": [SIGNATURE], "engineer_signature": [SIGNATURE], "paid_by": ["scan"]}, 130),
]  # fmt: skip


def later(minutes):
    return MORNING + timedelta(minutes=minutes)


@pytest.fixture
def in_hand(cast):
    order = cast.order(purchased_on=(MORNING - timedelta(days=1200)).date())
    accept_offer(Offer.objects.select_related("order").get(order=order), by=cast.actor("zhou"), at=later(4))
    return WorkOrder.objects.select_related("request").get(pk=order.pk)


def told(order, step, values=None, minute=0, *, device="one", slow=timedelta(0), sent=300, id=None):
    """An action tapped `minute` minutes after the morning on a phone whose clock is `slow`, sent at `sent` minutes."""
    return Action(
        id or uuid4(), getattr(order, "number", order), step, values or {}, later(minute) - slow, device, later(sent) - slow
    )  # fmt: skip


def send(cast, action, *, who="zhou", at=300):
    return report_action(action, by=cast.actor(who), at=later(at))


def test_a_whole_visit_sent_hours_later_happened_when_it_happened(cast, in_hand):
    sent = [told(in_hand, step, values, minute) for step, values, minute in WHOLE]
    assert [send(cast, action).outcome for action in sent] == ["done"] * 8
    visit = Visit.objects.get(order=in_hand)
    assert (visit.departed_at, visit.arrived_at, visit.finished_at) == (later(60), later(80), later(130))
    assert visit.checklist == ["badge", "covers", "clean"]
    assert (visit.state, visit.quote_fen) == ("finished", 25000)
    in_hand.refresh_from_db()
    assert (in_hand.state, in_hand.completed_at) == ("completed", later(130))
    assert [send(cast, action).outcome for action in sent] == ["done"] * 8, "sent again, answered as before"
    assert Fact.objects.filter(name="visit.finished").count() == 1
    deliver_until_idle(at=later(300))


def test_clocks_are_those_of_the_real_instants_and_a_false_breach_is_withdrawn(cast, in_hand):
    for step, values, minute in WHOLE[:-1]:
        send(cast, told(in_hand, step, values, minute, sent=126), at=126)
    deliver_until_idle(at=later(126))
    sweep_clocks(at=later(290))
    deliver_until_idle(at=later(290))
    clock = Clock.objects.get(order_id=in_hand.pk, code="sign")
    assert clock.breached_at == later(125 + 10), "ten minutes after the test, as far as anybody knew"
    assert send(cast, told(in_hand, *WHOLE[-1])).outcome == "done"
    deliver_until_idle(at=later(300))
    clock.refresh_from_db()
    assert (clock.state, clock.breached_at) == ("met", None)
    assert Fact.objects.filter(name="clock.breach_withdrawn", order_id=in_hand.pk).exists()


def test_a_phone_whose_clock_is_wrong_is_set_right(cast, in_hand):
    send(cast, told(in_hand, "depart", minute=60, slow=timedelta(hours=3, minutes=7)))
    assert Visit.objects.get(order=in_hand).departed_at == later(60)
    row = FieldAction.objects.get()
    assert (row.happened_at, row.told_at) == (later(60), later(60) - timedelta(hours=3, minutes=7))


@given(
    told_at=st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 31)), device_now=st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 31)),
    now=st.datetimes(datetime(2024, 6, 1), datetime(2024, 12, 31)), floor=st.datetimes(datetime(2024, 1, 1), datetime(2024, 5, 31)),
)  # fmt: skip
def test_no_instant_lies_in_the_future_or_before_what_it_follows(told_at, device_now, now, floor):
    happened = instant_by_our_clock(told_at, device_now=device_now, now=now, not_before=floor)
    assert floor <= happened <= now
    if floor <= told_at + (now - device_now) <= now:
        assert now - happened == device_now - told_at, "as long ago as the phone says"


def test_what_another_phone_of_the_engineer_did_is_known_and_not_done_twice(cast, in_hand):
    for step, values, minute in WHOLE[:5]:
        send(cast, told(in_hand, step, values, minute))
    second = [told(in_hand, step, values, minute + 3, device="two") for step, values, minute in WHOLE[:4]]
    assert [send(cast, action).outcome for action in second] == ["known"] * 4
    assert Visit.objects.get(order=in_hand).state == "agreed", "a second quote does not take the consent back"
    assert send(cast, told(in_hand, "repair", {"solution": ["换电容"]}, 111, device="two")).outcome == "done"


def test_a_quote_changed_before_the_repair_is_agreed_to_anew(cast, in_hand):
    for step, values, minute in WHOLE[:5]:
        send(cast, told(in_hand, step, values, minute))
    visit = Visit.objects.get(order=in_hand)
    change = told(in_hand, "requote", {"part:cap35": ["2"]}, 100)
    assert [send(cast, change).outcome for _again in range(2)] == ["done", "done"], "sent again, done once"
    visit.refresh_from_db()
    assert (visit.state, visit.quote_fen) == ("quoted", 45000)
    assert send(cast, told(in_hand, "repair", {"solution": ["换电容"]}, 101)).outcome == "refused", (
        "not without consent"
    )
    old = told(in_hand, "consent", {"amount": ["25000"], "signature": [SIGNATURE]}, 102)
    assert send(cast, old).outcome == "refused", "that was the amount before"
    for step, values, minute in (
        ("consent", {"amount": ["45000"], "signature": [SIGNATURE]}, 103), ("repair", {"solution": ["换两只电容"]}, 110),
    ):  # fmt: skip
        assert send(cast, told(in_hand, step, values, minute)).outcome == "done"
    late = send(cast, told(in_hand, "requote", {"part:cap35": ["1"]}, 111))
    assert late.outcome == "refused" and late.problems[0].what
    visit.refresh_from_db()
    assert (visit.state, visit.quote_fen) == ("repaired", 45000)


def test_every_state_has_the_steps_before_it_behind():
    steps = list(STEP_STATES)
    for n, state in enumerate(STEP_STATES.values()):
        assert [step for step in steps if is_behind(step, state)] == steps[: n + 1]
    assert not is_behind("photo", "finished") and not is_behind("arrive", "abandoned")


def test_the_same_action_sent_by_two_connections_at_once_is_done_once(cast, in_hand):
    action = told(in_hand, "depart", minute=60)
    answers = []
    assert at_once(
        lambda: answers.append(send(cast, action)), lambda: answers.append(send(cast, action))
    ) == [True, True]
    assert {answer.outcome for answer in answers} == {"done"}
    assert Visit.objects.filter(order=in_hand).count() == 1


def test_the_same_step_from_two_phones_at_once_is_done_once_and_refused_by_neither(cast, in_hand):
    send(cast, told(in_hand, "depart", minute=60))
    one, two = (told(in_hand, "arrive", minute=80, device=device) for device in ("one", "two"))
    answers = []
    assert at_once(lambda: answers.append(send(cast, one)), lambda: answers.append(send(cast, two))) == [
        True,
        True,
    ]
    assert sorted(answer.outcome for answer in answers) == ["done", "known"]
    assert Fact.objects.filter(name="visit.arrived").count() == 1


def test_what_a_rule_refuses_is_answered_with_the_reason_and_mended_under_a_new_id(cast, in_hand):
    for step, values, minute in WHOLE[:2]:
        send(cast, told(in_hand, step, values, minute))
    guess = told(in_hand, "diagnose", {"phenomenon": ["外机嗡嗡响"], "cause": ["启动电容坏了"]}, 90)
    answer = send(cast, guess)
    assert answer.outcome == "refused" and answer.problems[0].where == "cause"
    assert send(cast, guess) == answer
    assert send(cast, told(in_hand, *WHOLE[2])).outcome == "done"
    assert Visit.objects.get(order=in_hand).state_since == later(90)


def test_work_on_an_order_that_went_to_somebody_else_is_kept_and_can_be_given_back(cast, in_hand):
    take_back_order(in_hand, by=cast.actor("pan"), at=later(70), because="以为没人去")
    answers = [send(cast, told(in_hand, step, values, minute)) for step, values, minute in WHOLE]
    assert [a.outcome for a in answers] == ["held"] * 8
    assert answers[0].problems, "the engineer is told why"
    assert not Visit.objects.filter(order=in_hand).exists()
    assert [o.pk for o in orders_with_held_work(cast.actor("pan"))] == [in_hand.pk]
    rows = held_work(in_hand.pk)
    assert [row.step for row in rows] == [step for step, _values, _minute in WHOLE]
    assert CAUSE in held_words(rows[2])
    with pytest.raises(Invalid):
        adopt_work(in_hand, by=cast.actor("pan"), at=later(310), because="")
    deliver_until_idle(at=later(301))
    assert Offer.objects.filter(order=in_hand, state="offered").exists(), "somebody else was asked meanwhile"
    assert adopt_work(in_hand, by=cast.actor("pan"), at=later(310), because="周工已经修好") == 8
    deliver_until_idle(at=later(311))
    assert not Offer.objects.filter(order=in_hand, state="offered").exists(), "… and is asked no more"
    visit = Visit.objects.get(order=in_hand)
    assert (visit.state, visit.engineer_id, visit.finished_at) == (
        "finished",
        cast.staff["zhou"].pk,
        later(130),
    )
    assert not held_work(in_hand.pk)
    with pytest.raises(Conflict):
        settle_work(in_hand, by=cast.actor("pan"), at=later(311), because="再来一次")


def test_held_work_can_rest_as_a_note_when_somebody_else_has_begun(cast, in_hand):
    take_back_order(in_hand, by=cast.actor("pan"), at=later(70), because="以为没人去")
    send(cast, told(in_hand, "depart", minute=60))
    deliver_until_idle(at=later(301))
    offer = Offer.objects.select_related("order").get(order=in_hand, state="offered")
    other = next(name for name, staff in cast.staff.items() if staff.pk == offer.staff_id)
    accept_offer(offer, by=cast.actor(other), at=later(303))
    assert send(cast, told(in_hand, "depart", minute=302, sent=304), who=other, at=304).outcome == "done"
    with pytest.raises(Conflict):
        adopt_work(
            WorkOrder.objects.get(pk=in_hand.pk), by=cast.actor("pan"), at=later(305), because="给回周工"
        )
    assert settle_work(in_hand, by=cast.actor("pan"), at=later(306), because="陈工已到") == 1
    assert Fact.objects.filter(name="work_order.work_settled", order_id=in_hand.pk).exists()
    with pytest.raises(Forbidden):
        settle_work(in_hand, by=cast.actor("zhou"), at=later(307), because="不行")


def test_two_dispatchers_who_settle_the_same_held_work_at_once_do_it_once(cast, in_hand):
    take_back_order(in_hand, by=cast.actor("pan"), at=later(70), because="以为没人去")
    for step, values, minute in WHOLE:
        send(cast, told(in_hand, step, values, minute))
    pan = cast.actor("pan")
    went = at_once(
        lambda: adopt_work(
            WorkOrder.objects.get(pk=in_hand.pk), by=pan, at=later(310), because="周工已经修好"
        ),
        lambda: settle_work(WorkOrder.objects.get(pk=in_hand.pk), by=pan, at=later(310), because="当作备注"),
        lambda: adopt_work(
            WorkOrder.objects.get(pk=in_hand.pk), by=pan, at=later(310), because="周工已经修好"
        ),
    )
    assert went.count(True) == 1 and not held_work(in_hand.pk)
    adopted = Fact.objects.filter(name="work_order.work_adopted").count()
    assert adopted + Fact.objects.filter(name="work_order.work_settled").count() == 1
    assert Visit.objects.filter(order=in_hand).count() == adopted


def test_orders_never_held_and_unknown_ones_look_the_same(cast, in_hand):
    mine = send(cast, told(in_hand, "depart", minute=60), who="chen")
    none = send(cast, told("WO20990101-001", "depart", minute=60), who="chen")
    assert (mine.outcome, mine.problems) == (none.outcome, none.problems)
    assert mine.outcome == "refused"
    assert not Visit.objects.exists()
    with pytest.raises(Forbidden):
        send(cast, told(in_hand, "depart", minute=60), who="shen")


def test_nobody_reads_the_answer_to_somebody_elses_action(cast, in_hand):
    action = told(in_hand, "depart", minute=60)
    send(cast, action)
    with pytest.raises(Forbidden):
        send(cast, action, who="chen")


def jpeg(side=900):
    out = io.BytesIO()
    Image.effect_noise((side, side), 80).convert("RGB").save(out, "JPEG", quality=95)
    return out.getvalue()


def test_a_photo_comes_in_pieces_goes_on_where_it_broke_and_keeps_time_and_place(cast, in_hand):
    for step, values, minute in WHOLE[:2]:
        send(cast, told(in_hand, step, values, minute))
    content, zhou, name = jpeg(), cast.actor("zhou"), uuid4()
    assert len(content) > PIECE

    def put(starts, end):
        return take_piece(
            name, zhou.id, size=len(content), starts=starts, content=content[starts:end], at=later(300)
        )

    assert put(0, PIECE) == PIECE
    assert put(0, PIECE) == PIECE, "a piece that came twice changes nothing"
    assert put(PIECE + 7, PIECE + 99) == PIECE, "one that came too early neither"
    photo = told(
        in_hand,
        "photo",
        {"upload": [str(name)], "taken_in": ["on_site"], "lat": ["30.25"], "lon": ["120.16"]},
        85,
    )
    assert send(cast, photo).outcome == "refused", "not whole yet"
    assert put(PIECE, len(content)) == len(content)
    assert uploaded(name, zhou.id) == content
    with pytest.raises(NotFound):
        uploaded(name, zhou.id + 1)
    with pytest.raises(NotFound):
        take_piece(name, zhou.id + 1, size=len(content), starts=0, content=b"x", at=later(300))
    again = told(in_hand, "photo", photo.values, 85)
    assert send(cast, again).outcome == "done"
    kept = VisitPhoto.objects.select_related("file").get()
    assert (kept.step, kept.taken_at, kept.file.lat, kept.file.lon) == ("on_site", later(85), 30.25, 120.16)
    assert not Upload.objects.exists()


def test_uploads_have_limits_and_end(cast):
    zhou = cast.actor("zhou")
    with pytest.raises(Invalid):
        take_piece(uuid4(), zhou.id, size=13 * 2**20, starts=0, content=b"x", at=MORNING)
    with pytest.raises(Invalid):
        take_piece(uuid4(), zhou.id, size=2**20, starts=0, content=b"x" * (PIECE + 1), at=MORNING)
    with pytest.raises(Invalid):
        take_piece(uuid4(), zhou.id, size=2, starts=0, content=b"xyz", at=MORNING)
    for _n in range(100):
        take_piece(uuid4(), zhou.id, size=2, starts=0, content=b"x", at=MORNING)
    with pytest.raises(Conflict):
        take_piece(uuid4(), zhou.id, size=2, starts=0, content=b"x", at=MORNING)
    assert forget_old_uploads(at=MORNING + timedelta(days=6)) == 0
    assert forget_old_uploads(at=MORNING + timedelta(days=8)) == 100


def test_a_photo_of_held_work_is_kept_and_given_back_with_it(cast, in_hand):
    take_back_order(in_hand, by=cast.actor("pan"), at=later(70), because="以为没人去")
    content, name = jpeg(300), uuid4()
    take_piece(name, cast.staff["zhou"].pk, size=len(content), starts=0, content=content, at=later(300))
    for step, values, minute in (*WHOLE[:2], ("photo", {"upload": [str(name)], "taken_in": ["on_site"]}, 85)):
        assert send(cast, told(in_hand, step, values, minute)).outcome == "held"
    assert StoredFile.objects.count() == 1 and not Upload.objects.exists()
    adopt_work(in_hand, by=cast.actor("pan"), at=later(310), because="周工在现场")
    assert VisitPhoto.objects.get().taken_at == later(85)


def test_answers_are_forgotten_after_a_month_but_never_what_waits(cast, in_hand):
    take_back_order(in_hand, by=cast.actor("pan"), at=later(70), because="以为没人去")
    send(cast, told(in_hand, "depart", minute=60))
    send(cast, told("WO20990101-001", "depart", minute=60))
    assert forget_field_actions(at=later(300) + timedelta(days=29)) == 0
    assert forget_field_actions(at=later(300) + timedelta(days=31)) == 1
    assert FieldAction.objects.get().outcome == "held"
