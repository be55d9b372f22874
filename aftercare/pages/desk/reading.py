"""What the machine read of a request: shown with its words, confirmed or corrected; and how well it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as n_

from aftercare.intake.selectors import reading_record, request_for
from aftercare.intake.services import check_reading, train_reader
from aftercare.policies.rules import NOTED, READ, Pack
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Invalid
from aftercare.triage.rules import marked, titles_of
from aftercare.triage.selectors import model_for, model_in_use, models_for
from aftercare.triage.services import take_back_model, use_model

from ..doors import actor, now, page

FIELDS = {
    "kind": n_("Kind"), "category": n_("Category"), "complaint": n_("Complaint about"), "component": n_("Component"), "same": n_("Same matter"),
    "reason": n_("Reason of return"), "party": n_("Who answers for it"), "origin": n_("Origin"), "emotion": n_("Emotion"),
    "symptom": n_("Symptoms"), "danger": n_("Danger"), "threat": n_("Threats"), "sign": n_("Signs"),
}  # fmt: skip
VALUES = {
    "temperature": n_("temperature"), "frequency": n_("frequency"), "voltage": n_("voltage"), "power": n_("power"),
    "pressure": n_("pressure"), "noise": n_("noise"), "volume": n_("volume"), "weight": n_("weight"), "length": n_("length"),
    "duration": n_("duration"), "amount": n_("amount"), "date": n_("date"), "order": n_("order"), "serial": n_("serial"),
    "request": n_("request"), "error_code": n_("error code"), "model": n_("model"),
}  # fmt: skip

UNITS = {
    "times": n_("times"),
    "min": n_("minutes"),
    "h": n_("hours"),
    "d": n_("days"),
    "s": n_("seconds"),
    "CNY": n_("yuan"),
}


@dataclass(frozen=True)
class ReadField:
    """One field as the page shows it."""

    name: str
    title: str
    value: str
    shown: str
    sure: bool
    percent: int
    by: str
    others: list[tuple[str, int]]
    choices: list[tuple[str, str]]
    right: str = ""


def shown_reading(
    pack: Pack, kept: Mapping[str, Any], *, checks: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Give a stored reading as the page shows it: fields, notes and values, with titles in the reader's language."""
    language, known = get_language() or "zh", checks or {}
    fields = []
    for name, one in kept.get("fields", {}).items():
        titles = titles_of(pack, name)
        called = {code: title[language] for code, title in titles.items()}
        right = known.get(name, "")
        fields.append(ReadField(
            name, str(FIELDS[name]), one["value"], called.get(one["value"], one["value"]), bool(one["sure"]), round(one["confidence"] * 100),
            one["by"], [(called.get(v, v), round(c * 100)) for v, c in one["top"] if v != one["value"]], list(called.items()),
            called.get(right, right),
        ))  # fmt: skip
    notes = []
    for name in NOTED:
        titles = titles_of(pack, name) if kept.get("notes", {}).get(name) else {}
        found = [
            (titles[n["code"]][language] if n["code"] in titles else n["code"], n["how"])
            for n in kept.get("notes", {}).get(name, ())
        ]
        if found:
            notes.append((str(FIELDS[name]), name, found))
    follows = [rule for rule in pack.triage.consequences if rule.code in kept.get("follows", ())]
    complaint = kept.get("fields", {}).get("complaint", {}).get("value", "")
    of_class = pack.triage.classes.get(pack.triage.class_of_complaint.get(complaint, ""))
    return {
        "fields": [one for one in fields if one.by != "given" or one.right], "notes": notes, "model": kept.get("model", 0),
        "values": [(str(VALUES[kind]), value, str(UNITS.get(unit, unit))) for kind, value, unit, *_place in kept.get("values", ()) if kind in VALUES],
        "follows": [(rule.text[language] if rule.text else "", rule.reason[language], rule.code) for rule in follows],
        "class": of_class[language] if of_class else "", "open": any(one.by != "given" and not one.right for one in fields),
    }  # fmt: skip


def pieces_of(
    text: str, kept: Mapping[str, Any], judged: Mapping[str, Any] | None = None
) -> list[tuple[str, bool]]:
    """Cut a description into pieces, of which those that decided are marked."""
    spans = [tuple(span) for one in kept.get("fields", {}).values() for span in one["spans"]]
    spans += [
        tuple(span) for notes in kept.get("notes", {}).values() for note in notes for span in note["spans"]
    ]
    if not kept:
        for word in (judged or {}).get("words", ()):
            if word in text:
                spans.append((text.index(word), text.index(word) + len(word)))
    return marked(text, spans)


def course_of(pack: Pack, kept: Mapping[str, Any], facts: Iterable[Any]) -> list[str]:
    """Give the customer's emotions one after the other: as received, and with every message since."""
    titles = {code: title[get_language() or "zh"] for code, title in titles_of(pack, "emotion").items()}
    felt = [kept.get("fields", {}).get("emotion", {}).get("value", "")]
    felt += [
        fact.values["emotion"]
        for fact in facts
        if fact.name == "request.heard" and fact.values.get("emotion")
    ]
    return [titles.get(emotion, emotion) for emotion in felt if emotion]


@page("edit_request", "POST")
def request_reading(request: HttpRequest, number: str) -> HttpResponse:
    """Confirm what was read, or say what it should have been."""
    who = actor(request)
    row = request_for(who, number)
    values = {name: request.POST[name] for name in READ if request.POST.get(name)}
    if not values:
        raise Invalid(_("nothing was chosen"), where="reading", expected=", ".join(READ))
    corrected = check_reading(row, values, by=who, at=now())
    messages.info(request, _("Kept; corrections are learned from") if corrected else _("Confirmed"))
    return redirect("request_page", number)


@page("read_triage", "GET", "HEAD")
def readings(request: HttpRequest) -> HttpResponse:
    """Show how well each field is read: sure, right, corrected, by week and model; and the models there are."""
    who, at = actor(request), now()
    pack = policy_for(who.unit_id).pack
    record = reading_record(who, at=at)
    using, problem = model_in_use()
    models = list(models_for(who)[:12])
    return render(request, "desk/readings.html", {
        "place": "readings", "fields": [(name, str(FIELDS[name]), record.fields[name]) for name in READ if name in record.fields],
        "weeks": record.weeks, "confused": [
            (str(FIELDS[c.field]), _called(pack, c.field, c.read), _called(pack, c.field, c.right), c.count) for c in record.confused
        ], "using": using, "problem": problem, "models": [(m, _compared(m.fields)) for m in models], "checked": record.checked, "at": at,
    })  # fmt: skip


@page("train_triage", "POST")
def readings_train(request: HttpRequest) -> HttpResponse:
    row = train_reader(by=actor(request), at=now())
    messages.info(
        request, _("Model %(number)s is trained; compare it before it takes over") % {"number": row.number}
    )
    return redirect("readings")


@page("train_triage", "POST")
def readings_model(request: HttpRequest, model: int) -> HttpResponse:
    """Put a model in use, or take it back."""
    who, at, because = actor(request), now(), request.POST.get("because", "")
    row = model_for(who, model)
    if request.POST.get("act") == "back":
        take_back_model(row, by=who, at=at, because=because)
        messages.info(request, _("Taken back; the dictionary reads alone"))
    else:
        use_model(row, by=who, at=at, because=because)
        messages.info(request, _("Model %(number)s reads from now on") % {"number": row.number})
    return redirect("readings")


def _called(pack: Pack, field: str, value: str) -> str:
    titles = titles_of(pack, field)
    return titles[value][get_language() or "zh"] if value in titles else value or "—"


def _compared(fields: Mapping[str, Any]) -> list[tuple[str, int, int, int]]:
    return [
        (str(FIELDS.get(name, name)), int(both["new"]["n"]), round(both["before"]["accuracy"] * 100), round(both["new"]["accuracy"] * 100))
        for name, both in fields.items()
    ]  # fmt: skip
