"""What was found and done before on pieces like this one: causes, remedies and parts, with how often each (M96)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aftercare.intake.models import Request
from aftercare.intake.rules import pairs_of, shared, similarity

from .models import QuoteLine, Visit

LOOKED_AT = 400  # finished visits that are compared
ENOUGH = 5  # with the same symptom, so that others need not be counted
ALIKE = 0.5  # how alike two texts must be to be counted as the same cause
CAME_BACK = timedelta(days=30)


@dataclass(frozen=True)
class Repair:
    """One earlier repair: what was found, what was done, with which parts, and whether the piece came back within 30 days."""

    request: str
    at: Any
    phenomenon: str
    cause: str
    solution: str
    parts: tuple[str, ...]
    came_back: bool
    alike: int


@dataclass(frozen=True)
class Repairs:
    """Repairs of the same model (`by_model`) or else of the category: how many, likely causes and parts by percent, the most alike."""

    by_model: bool
    same_symptom: bool
    count: int
    causes: list[tuple[str, int, int]]
    parts: list[tuple[str, str, int, int]]
    cases: list[Repair]


def repairs_like(request: Request, *, most: int = 3) -> Repairs | None:
    """Give what helped on pieces like that of a request; None where nothing like it was repaired yet."""
    if not request.category:
        return None
    visits = _visits(request)
    same_model = [
        visit
        for visit in visits
        if request.product_model and visit.order.request.product_model == request.product_model
    ]
    by_model = len(same_model) >= ENOUGH
    if by_model:
        visits = same_model
    symptoms = _symptoms(request)
    same = [visit for visit in visits if symptoms & _symptoms(visit.order.request)]
    if len(same) >= ENOUGH:
        visits = same
    if not visits:
        return None
    parts = parts_of(visits)
    alike = sorted(
        ((_alike(request, visit, symptoms), visit) for visit in visits),
        key=lambda pair: (-pair[0], -pair[1].pk),
    )[:most]
    back = _came_back([visit for _score, visit in alike])
    return Repairs(
        by_model, len(same) >= ENOUGH, len(visits), causes_of(visits),
        [(code, name, n, round(100 * n / len(visits))) for (code, name), n in Counter(p for ps in parts.values() for p in set(ps)).most_common(5)],
        [
            Repair(
                visit.order.request.number, visit.finished_at, visit.phenomenon, visit.cause, visit.solution,
                tuple(name for _code, name in parts.get(visit.pk, ())), visit.pk in back, round(100 * score),
            ) for score, visit in alike if score > 0
        ],
    )  # fmt: skip


def _visits(request: Request) -> list[Visit]:
    """Give the last finished visits of the model and those of the category, in one query."""
    finished = (
        Visit.objects.filter(state="finished", order__request__category=request.category)
        .exclude(cause="")
        .exclude(order__request_id=request.pk)
        .select_related("order__request")
        .order_by("-finished_at")
    )
    found = finished[:LOOKED_AT]
    if request.product_model:
        found = finished.filter(order__request__product_model=request.product_model)[:LOOKED_AT].union(
            found, all=True
        )
    return list({visit.pk: visit for visit in found}.values())


def _symptoms(request: Request) -> set[str]:
    return {note["code"] for note in request.reading.get("notes", {}).get("symptom", ())}


def _alike(request: Request, visit: Visit, symptoms: set[str]) -> float:
    """Say how alike two cases are, 0 to 1: half by the symptoms they share, half by their words."""
    theirs = _symptoms(visit.order.request)
    shared = len(symptoms & theirs) / len(symptoms | theirs) if symptoms | theirs else 0.0
    return 0.5 * shared + 0.5 * similarity(request.description, visit.order.request.description)


def causes_of(visits: Sequence[Visit]) -> list[tuple[str, int, int]]:
    """Count causes, those that say the same in other words together, under the words used most."""
    said = Counter(re.sub(r"\s+", " ", visit.cause).strip("。.;； ") for visit in visits)
    grouped: list[tuple[str, set[str], int]] = []
    for text, count in said.most_common():
        pairs = pairs_of(text)
        place = next(
            (
                n
                for n, (known, theirs, _c) in enumerate(grouped)
                if known == text or shared(pairs, theirs) >= ALIKE
            ),
            None,
        )
        if place is None:
            grouped.append((text, pairs, count))
        else:
            known, theirs, so_far = grouped[place]
            grouped[place] = (known, theirs, so_far + count)
    grouped.sort(key=lambda one: -one[2])
    return [(text, count, round(100 * count / len(visits))) for text, _pairs, count in grouped[:4]]


def parts_of(visits: Iterable[Visit]) -> dict[int, list[tuple[str, str]]]:
    """Give the parts that were used on each visit, as code and name."""
    used: dict[int, list[tuple[str, str]]] = {}
    lines = QuoteLine.objects.filter(visit__in=list(visits), part__isnull=False, declined=False).order_by(
        "id"
    )
    for visit_id, code, name in lines.values_list("visit_id", "part__code", "part__name"):
        used.setdefault(visit_id, []).append((code, name))
    return used


def _came_back(visits: Sequence[Visit]) -> set[int]:
    """Give the visits after which the same piece was reported broken again within 30 days."""
    pieces = {visit.order.request.serial for visit in visits if visit.order.request.serial}
    later = (
        list(
            Request.objects.filter(serial__in=pieces, kind="repair").values_list(
                "serial", "received_at", "pk"
            )
        )
        if pieces
        else []
    )
    return {
        visit.pk for visit in visits for serial, at, pk in later
        if serial == visit.order.request.serial and pk != visit.order.request_id and visit.finished_at and visit.finished_at < at <= visit.finished_at + CAME_BACK
    }  # fmt: skip
