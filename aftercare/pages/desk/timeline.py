"""The story of a request: facts, what was said, and messages, in the words of the trade."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as n_

from aftercare.intake.selectors import notes_of
from aftercare.ledger.selectors import facts_of_case
from aftercare.notices.selectors import messages_of_case
from aftercare.people.selectors import names_of
from aftercare.policies.rules import duration_text
from aftercare.policies.selectors import policy_for

ICONS = {
    "request": "ti:file-plus", "work_order": "ti:clipboard-text", "offer": "ti:user-check", "appointment": "ti:calendar",
    "visit": "ti:tool", "survey": "ti:star", "recovery": "ti:lifebuoy", "clock": "ti:clock", "dispatch_queue": "ti:robot",
    "contact": "ti:eye", "transfer": "ti:truck-delivery", "dispatch": "ti:robot", "paper": "ti:file-text", "grade": "ti:flag",
    "authority": "ti:arrow-up-circle", "alert": "ti:bell",
}  # fmt: skip

SENTENCES = {
    "request.drafted": n_("had the language model draft"),
    "request.asked_first": n_("wrote after these answers were not enough"),
    "article.written": n_("wrote this case up"),
    "article.revised": n_("revised the article"),
    "article.relabelled": n_("changed who reads the article"),
    "article.worded": n_("changed the words the article is found by"),
    "article.published": n_("published the article"),
    "article.reviewed": n_("confirmed the article"),
    "article.retired": n_("withdrew the article"),
    "article.helped": n_("an answer helped"),
    "defect.suspected": n_("suspects a defect"),
    "defect.confirmed": n_("confirmed the defect"),
    "defect.remedied": n_("remedied the defect"),
    "defect.dismissed": n_("found no defect"),
    "order_event.told": n_("a shop told of an order"),
    "review.opened": n_("signs of discontent"),
    "review.raised": n_("made the signs a complaint"),
    "review.dismissed": n_("found no complaint"),
    "question.asked": n_("kept a question without an answer"),
    "question.answered": n_("answered the question"),
    "question.dismissed": n_("set the question aside"),
    "request.received": n_("received the request"),
    "request.planned": n_("told the customer the plan"),
    "appointment.reassigned": n_("gave the visit to somebody else"),
    "appointment.behind": n_("the visit has not begun as planned"),
    "appointment.pinned": n_("pinned the visit"),
    "appointment.unpinned": n_("let go of the pinned visit"),
    "work_order.work_held": n_("did this without a network, after the order had gone"),
    "work_order.work_adopted": n_("gave the order back with the work done"),
    "work_order.work_settled": n_("kept work done without a network as a note"),
    "work_order.equipped": n_("said how many must be there, and where parts are fetched"),
    "work_order.reassigned": n_("work order changed hands"),
    "team.formed": n_("formed an emergency team"),
    "team.stood_down": n_("reported to the executives; the team stood down"),
    "team_step.due": n_("step of the emergency"),
    "team_step.done": n_("did a step of the emergency"),
    "team_step.dropped": n_("step of the emergency is not needed"),
    "team_step.noted": n_("noted something done in the emergency"),
    "request.serial_read": n_("read the serial number off the appliance"),
    "request.call_registered": n_("recorded from a call"),
    "call.ringing": n_("a call rang"),
    "call.answered": n_("a call was answered"),
    "call.missed": n_("a caller hung up"),
    "request.answered": n_("answered the customer"),
    "request.closed": n_("request closed"),
    "request.cancelled": n_("cancelled the request"),
    "request.reopened": n_("opened the request again"),
    "request.noted": n_("internal note, the customer can't see it"),
    "request.told": n_("said to the customer"),
    "request.heard": n_("the customer said"),
    "request.urgency_changed": n_("overruled the urgency"),
    "request.handed_over": n_("gave the case to"),
    "customer.erased": n_("forgot a customer"),
    "request.files_added": n_("added photos, videos or a voice note"),
    "request.reading_checked": n_("checked what was read"),
    "reading_model.trained": n_("a model was trained on corrections"),
    "reading_model.used": n_("a model reads from now on"),
    "reading_model.retired": n_("a model gave way to another"),
    "reading_model.taken_back": n_("took a model out of use"),
    "request.edited": n_("corrected the record"),
    "request.link_made": n_("made a link for the customer"),
    "request.link_asked": n_("asked for a fresh link"),
    "request.merged": n_("merged into another request"),
    "request.unmerged": n_("undid the merge"),
    "request.kept_apart": n_("is another matter than"),
    "request.absorbed": n_("another request was merged into this one"),
    "request.released": n_("a merged request is on its own again"),
    "request.split": n_("split matters off into requests of their own"),
    "grade.ordinary": n_("complaint graded ordinary"),
    "grade.urgent": n_("complaint graded urgent"),
    "grade.crisis": n_("complaint graded a major crisis"),
    "rectification.ordered": n_("rectification ordered in the ERP"),
    "authority.noted": n_("noted what is at stake"),
    "authority.suggested": n_("a higher level should decide this"),
    "authority.store": n_("handed back to the store"),
    "authority.region": n_("handed to the region to decide"),
    "authority.headquarters": n_("handed to headquarters to decide"),
    "authority.taken": n_("took the case over"),
    "paper.asked": n_("owes a paper"),
    "paper.filed": n_("handed a paper in"),
    "paper.signed": n_("signed a paper"),
    "paper.returned": n_("check not passed: the paper is due again"),
    "paper.closed": n_("paper closed"),
    "paper.withdrawn": n_("paper no longer owed"),
    "dispatch.redistributed": n_("went to an idle colleague because of a backlog"),
    "alert.raised": n_("warned somebody"),
    "work_order.reopened": n_("cancellation taken back, dispatched again"),
    "work_order.opened": n_("work order opened"),
    "work_order.booked": n_("time fixed"),
    "work_order.unbooked": n_("time taken back"),
    "work_order.in_service": n_("service began"),
    "work_order.completed": n_("work order completed"),
    "work_order.cancelled": n_("work order cancelled"),
    "work_order.released": n_("order taken back, dispatched again"),
    "work_order.paused": n_("clocks paused"),
    "work_order.resumed": n_("clocks run again"),
    "work_order.late": n_("announced being late"),
    "work_order.converted": n_("remote support became a visit"),
    "dispatch.stuck": n_("nobody can take it: waits for the dispatcher"),
    "dispatch_queue.solved": n_("left the dispatcher's queue"),
    "offer.made": n_("offered to"),
    "offer.accepted": n_("accepted the order"),
    "offer.refused": n_("refused the order"),
    "offer.expired": n_("no answer in time, next candidate asked"),
    "offer.withdrawn": n_("offer withdrawn"),
    "alert.acknowledged": n_("acknowledged the warning"),
    "fact.corrected": n_("corrected the time of something recorded"),
    "clock.breach_withdrawn": n_("breach withdrawn: it was not one"),
    "clock.escalated": n_("overdue for long: told the next level"),
    "transfer.asked": n_("asked for a part that is not in stock"),
    "transfer.sent": n_("part on its way from another unit"),
    "transfer.arrived": n_("part arrived"),
    "transfer.refused": n_("part can't be had"),
    "appointment.proposed": n_("times offered to the customer"),
    "appointment.booked": n_("appointment made"),
    "appointment.rescheduled": n_("appointment moved"),
    "appointment.cancelled": n_("appointment cancelled"),
    "appointment.reminded": n_("customer reminded"),
    "appointment.kept": n_("appointment kept"),
    "visit.started": n_("set off"),
    "visit.arrived": n_("arrived"),
    "visit.diagnosed": n_("diagnosed"),
    "visit.quoted": n_("quoted"),
    "visit.agreed": n_("quote agreed"),
    "visit.line_declined": n_("customer left a service out"),
    "visit.repaired": n_("repaired"),
    "visit.tested": n_("tested"),
    "visit.photographed": n_("took a photo"),
    "visit.signed": n_("signed by link"),
    "visit.finished": n_("both signed"),
    "visit.abandoned": n_("visit broken off"),
    "payment.opened": n_("a charge is to be paid"),
    "payment.changed": n_("the charge to be paid has changed"),
    "payment.begun": n_("set out to pay online"),
    "payment.failed": n_("the payment failed"),
    "payment.asked": n_("asked to pay online"),
    "payment.paid": n_("paid online"),
    "payment.settled": n_("paid at the door"),
    "payment.dropped": n_("nothing to pay any more"),
    "payment.doubted": n_("a payment must be looked at"),
    "payment.cleared": n_("looked at a doubted payment"),
    "survey.opened": n_("follow-up due"),
    "survey.answered": n_("customer rated"),
    "survey.unreachable": n_("customer could not be reached"),
    "recovery.opened": n_("low score: recovery opened"),
    "recovery.taken": n_("took over the recovery"),
    "recovery.answered": n_("gave a solution"),
    "recovery.closed": n_("recovery closed"),
    "clock.warned": n_("clock near its end"),
    "clock.breached": n_("clock overdue"),
    "contact.revealed": n_("saw contact data in clear"),
}
# a link acts for the customer: staff see that it was sent, not what it is
_LINK = re.compile(r"/c/[\w-]{16,}")
QUIET = {
    "appointment.kept",
    "work_order.in_service",
    "work_order.booked",
    "dispatch_queue.solved",
    "visit.agreed",
}


@dataclass(frozen=True)
class Entry:
    """One line of the story; `shape` is event, auto, in, out or note."""

    at: datetime
    icon: str
    who: str
    what: str
    shape: str
    detail: str = ""
    text: str = ""
    because: str = ""
    policy_id: int | None = None
    fact_id: int = 0


def story_of(
    case_id: int, *, facts: list[Any] | None = None, also: Iterable[Any] = (), show: str = ""
) -> list[Entry]:
    """Give the story of a request with those merged into it (`also`); `show` narrows it to `customer`, `internal` or `machine`."""
    notes = notes_of(case_id)
    facts = facts_of_case(case_id) if facts is None else facts
    people = names_of({f.values["staff"] for f in facts if isinstance(f.values.get("staff"), int)})
    entries = [_entry(fact, notes, people) for fact in facts if fact.name not in QUIET]
    for message in messages_of_case(case_id):
        what = _("message to the customer") + f" · {message.get_state_display()}"
        entries.append(
            Entry(message.made_at, "message", "", what, "out", text=_LINK.sub("/c/…", message.body))
        )
    for other in also:
        entries += [
            replace(entry, detail=f"{entry.detail} · {other.number}".strip(" ·"))
            for entry in story_of(other.pk)
        ]
    entries.sort(key=lambda entry: entry.at)
    wanted = {"customer": ("in", "out"), "internal": ("note",), "machine": ("auto",)}.get(show)
    return [entry for entry in entries if wanted is None or entry.shape in wanted]


def _entry(fact: Any, notes: dict[int, Any], people: dict[int, tuple[str, str]]) -> Entry:
    note = notes.get(fact.pk)
    machine = fact.actor_kind == "machine"
    shape = "auto" if machine or fact.subject_kind == "clock" else "event"
    if note is not None:
        shape = {"internal": "note", "out": "out", "in": "in"}[note.kind]
    what = _(SENTENCES.get(fact.name, fact.name))
    icon = ICONS.get(fact.subject_kind, "ti:point").removeprefix("ti:")
    return Entry(
        fact.at, "lock" if shape == "note" else icon, "" if machine else fact.actor_name, what, shape,
        _detail(fact, people), note.text if note else "", _because(fact), fact.policy_id if machine else None, fact.pk,
    )  # fmt: skip


def _because(fact: Any) -> str:
    """Give the reason of a fact; a code of the pack in its words."""
    pack = policy_for(fact.unit_id).pack
    for level in pack.governance.authority_levels:
        if level.above_fen is not None and fact.because == f"amount_fen > {level.above_fen}":
            return _("more than %(yuan)s yuan at stake") % {"yuan": level.above_fen // 100}
        if fact.because and fact.because == level.suggest_when:
            return _("Several customers with the same cause")
        if fact.because and fact.because == level.when:
            return level.title[get_language() or "zh"]
    if fact.because in SENTENCES:
        return _(SENTENCES[fact.because])
    known = [*pack.clocks.pause_reasons, *pack.dispatch.refusal_reasons]
    return next(
        (row.title[get_language() or "zh"] for row in known if row.code == fact.because), fact.because
    )


def _title(fact: Any, code: str) -> str:
    clocks = policy_for(fact.unit_id).pack.clocks.clocks
    return next((clock.title[get_language() or "zh"] for clock in clocks if clock.code == code), code)


def _detail(fact: Any, people: dict[int, tuple[str, str]]) -> str:
    values = fact.values
    english = (get_language() or "").startswith("en")
    if fact.name == "offer.made":
        name, number = people.get(values["staff"], ("", ""))
        return _("%(who)s · %(points)d points · %(yes)d could, %(no)d excluded") % {
            "who": f"{name} {number}", "points": values["points"], "yes": values["possible"], "no": values["excluded"],
        }  # fmt: skip
    if fact.name == "request.received":
        judged = values.get("judged") or {}
        return str(judged.get("reason_en" if english else "reason_zh", ""))
    if fact.name == "request.drafted":
        return f"{values['model']} · {values['characters']}"
    if fact.name == "request.asked_first":
        return "、".join(values["articles"])
    if fact.name == "request.heard" and values.get("emotion") in ("angry", "anxious"):
        emotions = policy_for(fact.unit_id).pack.forms.emotions
        felt = next(
            (one.title[get_language() or "zh"] for one in emotions if one.code == values["emotion"]), ""
        )
        return f"{felt} · {_('heard in the voice')}" if values.get("voice") else felt
    if fact.subject_kind in ("team", "team_step"):
        return _of_team(fact, get_language() or "zh")
    if fact.subject_kind == "paper":
        title = next(
            (
                rule.title
                for rule in policy_for(fact.unit_id).pack.papers.papers
                if rule.code == values["paper"]
            ),
            None,
        )
        return f"{title[get_language() or 'zh'] if title else values['paper']} {values['number']}"
    if fact.subject_kind == "request" and ("into" in values or "merged" in values or "children" in values):
        return str(values.get("into") or values.get("merged") or ", ".join(values["children"]))
    if fact.name == "request.kept_apart":
        return str(values["from"])
    if fact.subject_kind == "authority":
        return f"{values['amount_fen'] / 100:.2f}" if values.get("amount_fen") else ""
    if fact.name in ("alert.raised", "dispatch.redistributed", "request.handed_over"):
        return people.get(values["staff"], ("", ""))[0]
    if fact.name == "clock.escalated":
        return f"{_title(fact, values.get('code', ''))} +{duration_text(values['overdue_for'])}"
    if fact.name == "clock.breach_withdrawn":
        return _title(fact, values.get("code", ""))
    if fact.name.startswith("clock."):
        return f"{_title(fact, values.get('code', ''))} {values.get('percent', '')} %"
    if fact.subject_kind == "payment":
        told = values.get("told_fen", values["amount_fen"])
        return f"{_('%(yuan).2f yuan') % {'yuan': told / 100}} · {values['payment']}"
    if "total_fen" in values:
        return _("%(yuan).2f yuan") % {"yuan": values["total_fen"] / 100}
    if fact.name == "request.call_registered":
        seconds = values.get("seconds")
        return "" if seconds is None else _("answered after %(n)d s") % {"n": seconds}
    if fact.name == "survey.answered":
        return f"{values['overall']} / 5"
    if fact.name == "work_order.late":
        return _("%(n)d min") % {"n": values["minutes"]}
    if fact.name == "contact.revealed":
        return ", ".join(values["fields"])
    return str(
        values.get("survey") or values.get("visit") or values.get("appointment") or values.get("order") or ""
    )


def _of_team(fact: Any, language: str) -> str:
    """Name the team, or the step of it, as the pack does."""
    rules = policy_for(fact.unit_id).pack.governance.emergency_teams
    rule = next((rule for rule in rules if rule.code == fact.values["team"]), None)
    if fact.subject_kind == "team":
        return rule.title[language] if rule else str(fact.values["team"])
    code = str(fact.values["kind"])
    return next((step.title[language] for step in rule.steps if step.code == code), code) if rule else code
