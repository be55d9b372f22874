"""Say what a request should have been read as, and train the company's model on what was said (M25, M30)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.ledger.services import record
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.policies.rules import READ
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid
from aftercare.triage.models import ReadingModel
from aftercare.triage.rules import Example, Guess, Pair, titles_of
from aftercare.triage.selectors import reader_for
from aftercare.triage.services import train_model

from ..models import ReadingCheck, Request
from ..rules import similarity

COLUMNS = ("kind", "category", "emotion")  # fields that are columns of a request, too
MOST_EXAMPLES = 50_000
MOST_PAIRS = 10_000  # of each kind


def check_reading(request: Request, values: dict[str, str], *, by: Actor, at: datetime) -> int:
    """Keep what fields of a request really are (field → value), confirmed or corrected; give how many were corrected.

    Kind, category and emotion of the request follow. Refused are fields and values the pack does not have, and a kind that
    would change under a work order. Saying the same again changes nothing.
    """
    require(by, "edit_request", unit_id=request.unit_id, reach=True)
    pack = policy_for(request.unit_id).pack
    for field, value in values.items():
        if field not in READ:
            raise Invalid(_("this is not read from requests"), where=field, expected=", ".join(READ))
        if value not in titles_of(pack, field):
            raise Invalid(_("no such value"), where=field, expected=", ".join(titles_of(pack, field)))
    with transaction.atomic():
        row = Request.objects.select_for_update().get(pk=request.pk)
        if row.state == "merged":
            raise Conflict(_("the request was merged into another one"))
        known = dict(row.checks.values_list("field", "right"))
        news = {field: value for field, value in values.items() if known.get(field) != value}
        changes = {
            field: value for field, value in news.items() if field in COLUMNS and getattr(row, field) != value
        }
        if changes.get("kind") and row.workorder_set.exists():
            raise Conflict(_("the kind can't change: there is a work order"), where="kind")
        for field, value in news.items():
            _keep(row, field, value, by=by, at=at)
        if changes.get("category"):
            changes["group"] = pack.forms.group_of_category.get(changes["category"], row.group)
        if changes:
            Request.objects.filter(pk=row.pk).update(**changes, revision=F("revision") + 1)
        wrong = {
            field: [_read(row, field), value] for field, value in news.items() if _read(row, field) != value
        }
        if news:
            record(
                "request.reading_checked",
                row,
                by=by,
                at=at,
                values={"right": sorted(set(news) - set(wrong)), "corrected": wrong},
            )
    return len(wrong)


def train_reader(*, by: Actor, at: datetime) -> ReadingModel:
    """Train a model on all that was confirmed or corrected, and compare it with what reads now; nothing takes over yet."""
    require(by, "train_triage")
    reader = reader_for(policy_for(None))

    def before(text: str) -> dict[str, Guess]:
        read = reader.read(text, today=at.date())
        return {
            name: Guess(choice.top or ((choice.value, choice.confidence),))
            for name, choice in read.fields.items()
        }

    return train_model(
        _examples(), before=before, sure=reader.pack.triage.sure_of_others, by=by, at=at, pairs=_pairs(at), pairs_before=similarity,
    )  # fmt: skip


def _examples() -> list[Example]:
    labels: dict[int, dict[str, str]] = {}
    texts: dict[int, str] = {}
    rows = ReadingCheck.objects.order_by("-at", "-id")[: MOST_EXAMPLES * 3]
    for pk, description, remark, field, right in rows.values_list(
        "request_id", "request__description", "request__remark", "field", "right"
    ):
        labels.setdefault(pk, {})[field] = right
        texts[pk] = f"{description} {remark}".strip()
    return [Example(texts[pk], labels[pk]) for pk in reversed(list(labels)[:MOST_EXAMPLES])]


def _pairs(at: datetime) -> list[Pair]:
    """Give pairs of requests of which people said, or let stand, whether they are the same matter, the oldest first.

    The same: merged. Different: kept apart, or both answered or closed though they were suggested to be merged (same customer and
    category, within a day) in the last year.
    """
    merged = Request.objects.filter(merged_into__isnull=False).order_by("-id")
    same = [
        Pair(one, other, True)
        for one, other in merged.values_list("description", "merged_into__description")[:MOST_PAIRS]
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.description, b.description FROM intake_request a JOIN intake_request b
                ON b.customer_id = a.customer_id AND b.category = a.category AND b.id > a.id
                AND b.received_at BETWEEN a.received_at - interval '24 hours' AND a.received_at + interval '24 hours'
            WHERE a.received_at > %s AND a.merged_into_id IS NULL AND b.merged_into_id IS NULL
                AND a.parent_id IS DISTINCT FROM b.id AND b.parent_id IS DISTINCT FROM a.id
                AND (a.parent_id IS NULL OR a.parent_id IS DISTINCT FROM b.parent_id)
                AND (b.id = ANY (a.apart_from) OR (a.state IN ('answered', 'closed') AND b.state IN ('answered', 'closed')))
            ORDER BY b.id DESC LIMIT %s
            """,
            [at - timedelta(days=365), MOST_PAIRS],
        )
        different = [Pair(one, other, False) for one, other in cursor.fetchall()]
    return _mixed(same[::-1], different[::-1])


def _mixed(same: list[Pair], different: list[Pair]) -> list[Pair]:
    """Put two lists into one, each in its order and spread evenly, so that every stretch of it holds both kinds."""
    placed = [(n / len(some), pair) for some in (same, different) for n, pair in enumerate(some)]
    return [pair for _place, pair in sorted(placed, key=lambda one: one[0])]


def _read(row: Request, field: str) -> str:
    return str(row.reading.get("fields", {}).get(field, {}).get("value", ""))


def _keep(row: Request, field: str, value: str, *, by: Actor, at: datetime) -> None:
    read = row.reading.get("fields", {}).get(field, {})
    ReadingCheck.objects.update_or_create(
        request=row, field=field,
        defaults={
            "right": value, "at": at, "by": by.name, "read": read.get("value", ""), "sure": bool(read.get("sure")),
            "read_by": read.get("by", ""), "model": row.reading.get("model", 0),
        },
    )  # fmt: skip
