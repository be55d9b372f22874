"""Every page and every API operation, found by walking the addresses: anonymous, stranger, wrong role, right role.

A new view without a verb, or without an example here, fails.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver

from aftercare.api.main import api
from aftercare.briefly import forget_all
from aftercare.config.urls import urlpatterns as all_patterns
from aftercare.dispatch.models import DayPlan, Offer
from aftercare.followup.services import open_survey
from aftercare.intake.services import CallNews, add_report_point, note_call
from aftercare.knowledge.rules import Content
from aftercare.knowledge.services import Labels, publish_article, write_article
from aftercare.pages import doors
from aftercare.pages.errors import not_found
from aftercare.pages.urls import urlpatterns as pages
from aftercare.people.rules import MACHINE, MATRIX
from aftercare.people.services import create_client
from aftercare.policies.services import activate_pack
from aftercare.supervision.services import ask_paper, form_team

PUBLIC = {
    "case_page",
    "case_act",
    "case_pay",
    "payment_told",
    "sandbox_page",
    "record_page",
    "record_pdf",
    "report_form",
    "report_done",
    "healthz",
    "readyz",
    "field_worker",
    "field_manifest",
    "field_offline",
    "help_page",
    "help_answers",
    "help_solved",
    "help_video",
}
# views whose example needs a thing that only exists mid-way; each is covered by a journey or a domain test
NUMBERS = {"number", "token", "code", "act", "step", "offer_id", "file_id", "recovery_id", "job_id", "raw_id"}
RIGHT = {
    "answer_offer": "zhou", "perform_visit": "zhou", "dispatch_work_order": "pan", "handle_recovery": "zheng", "clear_payment": "zheng", "edit_people": "boss",
    "import_requests": "zheng", "read_report": "shen", "read_ledger": "boss", "train_triage": "shen", "manage_clients": "boss", "export_customer": "boss", "activate_policy": "boss",
}  # fmt: skip
WRONG = {
    "read_request": None, "read_work_order": None, "read_visit": None, "reveal_contact": "shen", "pause_work_order": "shen",
    "convert_to_visit": "shen", "read_policy": None, "read_knowledge": None, "read_defect": None, "read_review": None, "book_visit": "shen",
}  # fmt: skip


def example(pattern, order):
    """Fill an address of the table with things of the cast."""
    values = {
        "number": order.number
        if "work-orders" in str(pattern.pattern) or "today" in str(pattern.pattern)
        else order.request.number
    }
    address = str(pattern.pattern)
    address = re.sub(r"<\w+:number>", values["number"], address)
    address = re.sub(r"<int:\w+>", "1", address)
    address = re.sub(r"<str:step>", "depart", address)
    address = re.sub(r"<uuid:\w+>", "11111111-2222-4333-8444-555555555555", address)
    address = re.sub(r"<str:\w+>", "response_minutes", address)
    return f"/{address}"


def test_every_page_says_its_verb():
    for pattern in pages:
        verb = getattr(pattern.callback, "verb", None)
        assert verb is not None, f"{pattern.name} has no verb"
        assert verb in MATRIX or pattern.name in PUBLIC, f"{pattern.name}: {verb!r}"


def test_nothing_else_is_reachable_but_sign_in_and_the_api():
    roots = {str(p.pattern) for p in all_patterns[len(pages) :]}
    assert roots == {"accounts/", "api/v1/"}
    assert get_resolver().resolve("/api/v1/openapi.json")


GUARDED = [p for p in pages if p.name not in PUBLIC]
OF_ONE_UNIT = {
    "read_request", "read_work_order", "answer_request", "edit_request", "cancel_work_order", "book_visit", "open_work_order",
    "reveal_contact", "pause_work_order", "grade_complaint", "raise_authority", "ask_paper", "correct_fact",
}  # fmt: skip


def outsider(verb: str) -> str | None:
    """Name somebody of the cast whose role lacks a verb; None when every role has it."""
    if verb in WRONG:
        return WRONG[verb]
    return "zhou" if MATRIX[verb] & {"analyst"} else "shen"


def send(client, pattern, order):
    way = client.post if pattern.name in POSTS else client.put if pattern.name in PUTS else client.get
    return way(example(pattern, order))


def walked(patterns, order, client_of) -> dict[str, int]:
    """Open each of these pages with one order, and undo what it did; give the page's name → the answer."""
    answers = {}
    for pattern in patterns:
        client = client_of(pattern)
        with transaction.atomic():
            answers[pattern.name] = send(client, pattern, order)
            transaction.set_rollback(True)
        forget_all()
    return answers


def statuses(answers) -> dict[str, int]:
    return {name: answer.status_code for name, answer in answers.items()}


def test_anonymous(cast_now):
    answers = walked(GUARDED, cast_now.order(at=cast_now.at), lambda _pattern: Client())
    assert len(answers) == len(GUARDED) > 100
    assert {n: s for n, s in statuses(answers).items() if s != 302} == {}
    assert [n for n, answer in answers.items() if not answer.url.startswith("/accounts/login/")] == []


def test_wrong_role(cast_now, signed_in):
    pages = [p for p in GUARDED if outsider(p.callback.verb)]
    answers = walked(
        pages, cast_now.order(at=cast_now.at), lambda pattern: signed_in(outsider(pattern.callback.verb))
    )
    assert len(answers) > 80
    assert {n: s for n, s in statuses(answers).items() if s != 404} == {}


def test_stranger(cast_now, signed_in):
    pages = [p for p in GUARDED if "<" in str(p.pattern) and p.callback.verb in OF_ONE_UNIT]
    answers = walked(pages, cast_now.order(at=cast_now.at), lambda _pattern: signed_in("tang"))
    assert len(answers) > 20
    assert {n: s for n, s in statuses(answers).items() if s != 404} == {}, (
        "an agent of another store sees nothing"
    )


def test_right_role(cast_now, signed_in, monkeypatch):
    """Whoever has the verb is let in; an empty form is then refused for what it lacks, not for who sent it."""
    turned_away = []
    monkeypatch.setattr(
        doors, "not_found", lambda request: turned_away.append(request.path) or not_found(request)
    )
    answers = walked(
        GUARDED,
        cast_now.order(at=cast_now.at),
        lambda pattern: signed_in(RIGHT.get(pattern.callback.verb, "zheng")),
    )
    assert turned_away == []
    odd = {
        name: status
        for name, status in statuses(answers).items()
        if status not in ((404,) if name in MIDWAY else ALLOWED.get(name, (200, 302, 409, 412, 422)))
    }
    assert odd == {}
    assert [name for name, answer in answers.items() if "Content-Security-Policy" not in answer.headers] == []


POSTS = {
    "person_new",
    "unit_save",
    "requests_macro", "orders_give", "orders_wait",
    "payment_act",
    "policy_back",
    "requests_hand_over", "request_follow", "request_texts", "request_text_used", "request_colleagues", "view_save", "view_remove", "news_seen", "alerts_seen",
    "request_draft", "defect_act", "review_act", "knowledge_find", "knowledge_ask", "question_act", "article_act", "article_helped", "field_answers", "field_helped",
    "intake_caller", "intake_judgement",
    "request_say", "request_urgency", "request_reading", "readings_train", "readings_model", "request_edit", "request_cancel", "request_reopen", "request_open_order", "request_reveal",
    "request_link", "request_wishes", "work_order_assign", "work_order_take_back", "work_order_pause", "work_order_cancel", "work_order_convert",
    "work_order_book", "request_grade", "request_authority", "request_merge", "request_split", "request_team", "dispatch_give", "dispatch_pin", "dispatch_plan", "paper_ask", "unit_hours", "request_correct", "transfer_act", "alert_act", "survey_answer", "recovery_act", "import_run", "import_map", "raw_correct", "field_offer", "field_reveal", "field_step", "field_trace", "field_outbox", "work_order_work", "work_order_equip", "unit_terms",
}  # fmt: skip
PUTS = {"field_upload"}
# their thing exists only mid-way (a visit, a file, an offer, a survey), so whoever is let in finds nothing
MIDWAY = {
    "payment_act",
    "view_counts",
    "print_appointment", "print_survey",
    "customer_page",

    "request_text_used", "view_remove",
    "defect_page", "defect_act", "review_act",    "question_act", "article_page", "article_edit", "article_act", "article_helped", "article_file", "field_helped", "field_video",
    "readings_model", "dispatch_try", "dispatch_give", "dispatch_pin", "unit_hours", "unit_terms", "person_page", "paper_page", "request_file", "print_visit", "visit_qr", "visit_file", "transfer_act", "alert_act", "survey_answer", "recovery_act", "import_run",
    "import_map", "raw_correct", "field_offer", "field_job", "field_reveal", "field_step", "field_trace",
}  # fmt: skip
ALLOWED = dict.fromkeys(("rota_page", "gallery", "print_request", "form_qr", "connections_page", "audit_page", "texts_page", "stores_map", "policy_draft", "policy_dictionary", "defects_page", "reviews_page", "knowledge_page", "knowledge_find", "knowledge_import", "article_new", "request_help", "field_find", "field_answers", "home", "home_count", "search", "new_request", "intake_caller", "intake_judgement", "request_list", "request_page", "work_order_list", "work_order_export", "work_order_page", "work_order_slots", "print_work_order", "work_order_qr", "dispatch_page", "dispatch_day", "transfers_page", "alerts_page", "followup_page", "report_page", "print_report", "payments_page", "report_rows", "people_page", "policy_page", "replay_page", "import_page", "field_today", "metrics", "board", "late", "papers_page", "live_counts", "presence", "field_van"), (200,))  # fmt: skip


ALLOWED["live"] = (503,)  # the tests allow no stream; the journeys do


def test_the_post_only_pages_are_listed():
    listed = {
        p.name for p in pages if p.name not in PUBLIC and "POST" in _methods(p) and "GET" not in _methods(p)
    }
    assert listed == POSTS


def _methods(pattern) -> tuple[str, ...]:
    return pattern.callback.methods


def test_public_pages_open_nothing_without_their_secret(cast_now):
    order = cast_now.order(at=cast_now.at)
    client = Client()
    for address in (f"/c/{order.number}", "/c/x/record", f"/r/{order.request.number}", "/r/none/none"):
        assert client.get(address).status_code == 404
    assert client.post("/c/x/consent").status_code == 404
    assert client.get("/r/none/help").status_code == client.post("/r/none/answers").status_code == 404
    point = add_report_point(unit_id=cast_now.store.pk, by=MACHINE)
    assert client.get(f"/r/{point.code}").status_code == 200


def operations():
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method in methods:
            yield method, path


@pytest.mark.parametrize(("method", "path"), list(operations()))
def test_every_operation_wants_a_key_a_scope_and_reach(method, path, cast_now):
    order = cast_now.order(at=cast_now.at)
    at = datetime.now(UTC)
    survey = open_survey(order, by=MACHINE, at=at)
    other = cast_now.request(at=cast_now.at, phone="13800000077", name="赵一")
    paper = None
    if "/papers/{number}" in path:
        paper = ask_paper(order.request, "progress_report", by=MACHINE, at=at, because="等主板")
    if "/team" in path and (method, path[-5:]) != ("post", "/team"):
        activate_pack("appliance", overlays=["emergency"], by=MACHINE, at=at)
        form_team(order.request, "supply", by=MACHINE, at=at, because="缺压缩机")
    if "{plan_id}" in path:
        plan = DayPlan.objects.create(
            unit=cast_now.store, day=at.date(), state_since=at, made_at=at, because="asked", frozen_until=at, seed=1, course=[1],
            inputs={}, digest="", routes={}, before={}, after={}, took_ms=1,
            moves=[{"order": order.pk, "number": order.number, "from": None, "to": cast_now.staff["chen"].pk, "begins": at.isoformat()}],
        )  # fmt: skip
    if path.endswith("/calls/voice"):
        note_call(CallNews("pbx-1", "phone", "ringing", at), unit_id=cast_now.store.pk, by=MACHINE, at=at)
    article = None
    if "/articles/" in path:
        article = write_article(
            "faq",
            Content("冰箱不制冷怎么办", "看插头。"),
            by=MACHINE,
            at=at,
            labels=Labels("desk", unit_id=cast_now.store.pk),
        )
        publish_article(article, by=MACHINE, at=at)
    address = path.replace("{month}", "2024-05").replace(
        "{plan_id}", str(plan.pk) if "{plan_id}" in path else ""
    )
    address = address.replace(
        "{number}",
        survey.number
        if "surveys" in path
        else article.number
        if article
        else paper.number
        if "/papers/{number}" in path
        else order.number
        if "work-orders" in path
        else order.request.number,
    )
    bodies = {
        "/requests": {"kind": "repair", "description": "外机嗡嗡响，不出冷风", "unit_id": cast_now.store.pk, "name": "王", "phone": "13812345678"},
        "/requests/{number}": {"remark": "x"}, "/requests/{number}/notes": {"text": "备注"},
        "/work-orders/{number}/pause": {"reason": "parts"}, "/work-orders/{number}/cancel": {"because": "重复"},
        "/work-orders/{number}/appointment": {"starts_at": "2030-05-20T14:00:00+08:00", "ends_at": "2030-05-20T16:00:00+08:00"},
        "/work-orders/{number}/appointment/other-times": {"because": "车坏了"},
        "/surveys/{number}/answer": {"scores": {"overall": 5}},
        "/requests/{number}/hand-over": {"to": "KF2024001"},
        "/requests/{number}/merge": {"into": other.number, "because": "同一件事"},
        "/requests/{number}/apart": {"other": other.number},
        "/requests/{number}/unmerge": {"because": "不是同一件事"},
        "/requests/{number}/split": {"matters": [{"kind": "inquiry", "description": "另外想问延保怎么买"}]},
        "/requests/{number}/authority": {"level": "region", "because": "客户要见负责人"},
        "/order-events": {"ref": "r-1", "kind": "refund", "at": at.isoformat(), "unit_id": cast_now.store.pk},
        "/answers": {"words": "冰箱不凉"}, "/articles/{number}/helped": {"words": "冰箱不凉"}, "/questions": {"words": "抽屉怎么拆"},
        "/readings": {"text": "空调不制冷"}, "/requests/{number}/reading": {"right": {"category": "fridge"}},
        "/requests/{number}/grade": {"grade": "crisis", "because": "媒体在现场"},
        "/requests/{number}/papers": {"paper": "progress_report", "because": "等主板"},
        "/requests/{number}/team": {"team": "supply", "because": "缺压缩机"},
        "/requests/{number}/team/steps": {"step": "plan", "result": "明早到货"},
        "/requests/{number}/team/report": {"report": "压缩机已从中心仓调出，明早到货，客户同意等待。"},
        "/day-plans": {"unit_id": cast_now.store.pk}, "/work-orders/{number}/equipment": {"people": 2}, "/work-orders/{number}/give": {"staff": "GY2024002", "because": "顺路"},
        "/calls": {"ref": "pbx-1", "event": "ringing", "at": at.isoformat(), "unit_id": cast_now.store.pk},
        "/calls/voice": {"ref": "pbx-1", "at": at.isoformat(), "seconds": 3, "syllables": 14, "loudness_db": -30, "unit_id": cast_now.store.pk},
        "/papers/{number}": {"entries": {"done": "已联系厂家", "next": "周三到货", "told": "已告知"}},
    }  # fmt: skip
    body = bodies.get(path.removeprefix("/api/v1"), {})

    def send(key: str | None):
        extra = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}
        query = "?code=HF35230815001" if path.endswith("/warranty") else ""
        return Client().generic(
            method.upper(),
            address + query,
            __import__("json").dumps(body),
            content_type="application/json",
            **extra,
        )

    assert send(None).status_code == 401
    assert send("ac_wrong").status_code == 401
    _row, narrow = create_client(
        name="narrow", unit=cast_now.root, verbs=["manage_clients"], by=MACHINE, at=at
    )
    assert send(narrow).status_code == 403
    _row, far = create_client(name="far", unit=cast_now.other_store, verbs=list(MATRIX), by=MACHINE, at=at)
    if (
        "{" in path.replace("{month}", "")
        or path.endswith("/warranty")
        or (method == "post" and path.endswith("/requests"))
    ):
        assert send(far).status_code == 404
    _row, right = create_client(name="right", unit=cast_now.root, verbs=list(MATRIX), by=MACHINE, at=at)
    if path.endswith("/team") and method == "post":
        activate_pack("appliance", overlays=["emergency"], by=MACHINE, at=at)
    assert send(right).status_code in (200, 201, 409)
    assert Offer.objects.exists()
