"""Addresses of all pages."""

from __future__ import annotations

from django.urls import path

from .desk import home, intake, requests, steering, work_orders
from .field import today
from .health import healthz, metrics, readyz
from .portal import views as portal

urlpatterns = [
    path("", home.home, name="home"),
    path("home/count", home.home_count, name="home_count"),
    path("search", home.search, name="search"),
    path("intake", intake.new_request, name="new_request"),
    path("intake/caller", intake.intake_caller, name="intake_caller"),
    path("intake/judgement", intake.intake_judgement, name="intake_judgement"),
    path("requests", requests.request_list, name="request_list"),
    path("requests/<str:number>", requests.request_page, name="request_page"),
    path("requests/<str:number>/say", requests.request_say, name="request_say"),
    path("requests/<str:number>/urgency", requests.request_urgency, name="request_urgency"),
    path("requests/<str:number>/edit", requests.request_edit, name="request_edit"),
    path("requests/<str:number>/cancel", requests.request_cancel, name="request_cancel"),
    path("requests/<str:number>/reopen", requests.request_reopen, name="request_reopen"),
    path("requests/<str:number>/order", requests.request_open_order, name="request_open_order"),
    path("requests/<str:number>/reveal", requests.request_reveal, name="request_reveal"),
    path("requests/<str:number>/link", requests.request_link, name="request_link"),
    path("requests/<str:number>/files/<int:file_id>", requests.request_file, name="request_file"),
    path("work-orders", work_orders.work_order_list, name="work_order_list"),
    path("work-orders/export", work_orders.work_order_export, name="work_order_export"),
    path("work-orders/<str:number>", work_orders.work_order_page, name="work_order_page"),
    path("work-orders/<str:number>/assign", work_orders.work_order_assign, name="work_order_assign"),
    path("work-orders/<str:number>/take-back", work_orders.work_order_take_back, name="work_order_take_back"),
    path("work-orders/<str:number>/pause", work_orders.work_order_pause, name="work_order_pause"),
    path("work-orders/<str:number>/cancel", work_orders.work_order_cancel, name="work_order_cancel"),
    path("work-orders/<str:number>/convert", work_orders.work_order_convert, name="work_order_convert"),
    path("work-orders/<str:number>/book", work_orders.work_order_book, name="work_order_book"),
    path("work-orders/<str:number>/print", work_orders.print_work_order, name="print_work_order"),
    path("work-orders/<str:number>/qr.png", work_orders.work_order_qr, name="work_order_qr"),
    path("visits/<str:number>/print", work_orders.print_visit, name="print_visit"),
    path("visits/<str:number>/qr.png", work_orders.visit_qr, name="visit_qr"),
    path("visits/<str:number>/files/<int:file_id>", work_orders.visit_file, name="visit_file"),
    path("dispatch", steering.dispatch_page, name="dispatch_page"),
    path("follow-up", steering.followup_page, name="followup_page"),
    path("follow-up/<str:number>/answer", steering.survey_answer, name="survey_answer"),
    path("recoveries/<int:recovery_id>", steering.recovery_act, name="recovery_act"),
    path("report", steering.report_page, name="report_page"),
    path("report/<str:code>", steering.report_rows, name="report_rows"),
    path("people", steering.people_page, name="people_page"),
    path("policy", steering.policy_page, name="policy_page"),
    path("import", steering.import_page, name="import_page"),
    path("import/<int:job_id>/run", steering.import_run, name="import_run"),
    path("input/<int:raw_id>", steering.raw_correct, name="raw_correct"),
    path("today", today.field_today, name="field_today"),
    path("today/offers/<int:offer_id>", today.field_offer, name="field_offer"),
    path("today/<str:number>", today.field_job, name="field_job"),
    path("today/<str:number>/contact", today.field_reveal, name="field_reveal"),
    path("today/<str:number>/<str:step>", today.field_step, name="field_step"),
    path("c/<str:token>", portal.case_page, name="case_page"),
    path("c/<str:token>/record", portal.record_page, name="record_page"),
    path("c/<str:token>/<str:act>", portal.case_act, name="case_act"),
    path("r/<str:code>", portal.report_form, name="report_form"),
    path("r/<str:code>/<str:token>", portal.report_done, name="report_done"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
