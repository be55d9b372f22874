"""What the values of a policy pack and the verbs of people and keys are called; a test looks that none is without a name."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

FILES = {
    "dispatch": _("Dispatch"), "appointment": _("Appointment"), "visit": _("Visit"), "survey": _("Follow-up"),
    "links": _("Customers' links"), "quality": _("Defects"), "retention": _("Keeping of personal data"),
}  # fmt: skip

VALUES = {
    "dispatch.within": _("Dispatched within"),
    "dispatch.accept_within": _("Accepted within"),
    "dispatch.max_unfinished": _("Orders in hand, at most"),
    "dispatch.backlog_over": _("A backlog: more orders than"),
    "dispatch.idle_up_to": _("Idle: orders up to"),
    "dispatch.near_km": _("Near, km"),
    "dispatch.far_km": _("Too far beyond, km"),
    "dispatch.speed_kmh": _("Speed until learned, km/h"),
    "dispatch.detour": _("Way ÷ straight line"),
    "dispatch.settle": _("To park and find the door"),
    "dispatch.urgent_load_factor": _("Weight of the load, urgent orders"),
    "dispatch.most_a_day": _("Jobs a day, at most"),
    "dispatch.fair_beyond": _("Work beyond the team's middle"),
    "dispatch.spare": _("Spare in a promised window"),
    "appointment.slots": _("Windows offered"),
    "appointment.slot_for": _("Length of a window"),
    "appointment.hold_for": _("A window is held for"),
    "appointment.minutes": _("A visit until learned, min"),
    "appointment.first_after": _("First window after"),
    "appointment.look_ahead": _("Windows as far ahead as"),
    "appointment.call_within": _("Customer called within"),
    "appointment.done_within": _("Agreed within"),
    "appointment.remind_before": _("Reminder before"),
    "appointment.arrive_early": _("Arrives early by"),
    "appointment.late_notice": _("Lateness told ahead by"),
    "appointment.link_for": _("A link lives"),
    "appointment.day_starts": _("The day begins"),
    "appointment.day_ends": _("The day ends"),
    "visit.job_for": _("A job lasts"),
    "visit.sign_within": _("Signed within"),
    "visit.visit_fee_fen": _("Fee of a visit"),
    "visit.remote_fee_fen": _("Fee of remote support"),
    "visit.keep_slip_months": _("Service slips kept, months"),
    "visit.consent_within": _("Customer agrees within"),
    "survey.due_within": _("Asked within"),
    "survey.link_for": _("A link lives"),
    "survey.low_score": _("Low: up to so many points"),
    "survey.hand_over_within": _("Low score handed over within"),
    "survey.recover_within": _("Made good within"),
    "survey.coverage_target": _("Coverage aimed at, %"),
    "links.live_for": _("A link lives"),
    "links.wrong_tries": _("Wrong tries, at most"),
    "links.reports_per_hour": _("Reports an hour from one place"),
    "links.acknowledgements_per_day": _("Receipts a day to one contact"),
    "links.messages_per_day": _("Messages a day by link"),
    "links.reopen_within": _("Opened again within"),
    "quality.window": _("Repairs looked at"),
    "quality.history": _("Compared with the past"),
    "quality.false_alarms": _("Share of false alarms borne"),
    "quality.least": _("Repairs, at least"),
    "quality.quiet_for": _("Not said again for"),
    "retention.customers_after_months": _("Customers forgotten after, months (0: never)"),
}

SPANS = {
    "phone": _("Phone"), "online": _("Online"), "message": _("Word sent"), "backup": _("Another person sent"), "plan": _("First plan"),
    "make_safe": _("Made safe"), "off_shelf": _("Off the shelf"), "feedback": _("Customer told"),
}  # fmt: skip

VERBS = {
    "receive_request": _("receive requests"), "note_call": _("tell of calls"), "read_request": _("read requests"),
    "edit_request": _("correct requests"), "answer_request": _("answer customers"), "note_request": _("write notes"),
    "reveal_contact": _("see contacts in clear"), "import_requests": _("import requests"), "read_work_order": _("read work orders"),
    "open_work_order": _("open work orders"), "cancel_work_order": _("cancel work orders"), "pause_work_order": _("pause clocks"),
    "dispatch_work_order": _("dispatch"), "read_dispatch": _("read the dispatch board"), "answer_offer": _("accept and refuse offers"),
    "propose_slots": _("offer windows"), "book_visit": _("book visits"), "perform_visit": _("do visits"), "arrange_parts": _("send parts"),
    "read_payment": _("read payments"), "clear_payment": _("clear payments"), "read_alerts": _("read warnings"),
    "read_board": _("read the clocks' board"), "read_paper": _("read papers"), "ask_paper": _("ask for papers"), "write_paper": _("write papers"),
    "check_paper": _("check papers"), "withdraw_paper": _("withdraw papers"), "grade_complaint": _("grade complaints"),
    "raise_authority": _("hand cases up"), "take_authority": _("take cases over"), "form_team": _("form emergency teams"),
    "work_team": _("work in emergency teams"), "stand_down_team": _("stand emergency teams down"), "read_visit": _("read visits"),
    "convert_to_visit": _("make remote support a visit"), "answer_survey": _("ask customers afterwards"), "read_survey": _("read ratings"),
    "handle_recovery": _("make good"), "read_report": _("read the month's report"), "read_triage": _("read what the machine understood"),
    "train_triage": _("train the machine"), "read_knowledge": _("read the knowledge base"), "write_knowledge": _("write articles"),
    "publish_knowledge": _("publish articles"), "read_defect": _("read defects"), "decide_defect": _("decide on defects"),
    "note_order": _("tell of purchases"), "read_review": _("read customers looked at"), "decide_review": _("decide on customers looked at"),
    "read_people": _("read units and staff"), "edit_people": _("change units and staff"), "plan_people": _("plan shifts and leave"),
    "read_policy": _("read the policy"), "activate_policy": _("change the policy"), "correct_fact": _("correct facts"),
    "read_ledger": _("search the audit"), "arrange_workspace": _("keep views and texts"), "share_workspace": _("share views and texts"),
    "hand_over_request": _("hand requests over"), "export_customer": _("give a customer's data out"),
    "erase_customer": _("forget a customer"), "manage_clients": _("make keys"), "manage_webhooks": _("make webhooks"),
}  # fmt: skip

ACTORS = {"staff": _("staff"), "client": _("key"), "customer": _("customer"), "machine": _("by itself")}

SUBJECTS = {
    "alert": _("warning"), "api_client": _("key"), "appointment": _("appointment"), "article": _("article"), "authority": _("level"),
    "call": _("call"), "clock": _("clock"), "customer": _("customer"), "defect": _("defect"), "delivery": _("delivery of a webhook"),
    "dispatch_queue": _("place in the queue"), "endpoint": _("webhook"), "grade": _("grade"), "import": _("import"),
    "item": _("customer's product"), "link": _("customer's link"), "message": _("message"), "offer": _("offer"),
    "order_event": _("purchase"), "paper": _("paper"), "part": _("part"), "payment": _("payment"), "plan": _("plan of a day"),
    "policy": _("policy"), "question": _("question"), "raw_input": _("input"), "reading_model": _("learned model"),
    "recovery": _("recovery"), "request": _("request"), "review": _("review of a customer"), "staff": _("person"),
    "staff_message": _("message to staff"), "survey": _("follow-up"), "team": _("emergency team"), "team_step": _("step of a team"),
    "transfer": _("transfer of a part"), "unit": _("unit"), "visit": _("visit"), "work_order": _("work order"),
}  # fmt: skip
