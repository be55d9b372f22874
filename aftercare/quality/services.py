"""Look for defects, decide on them, and draft the quick repair guide."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from aftercare.knowledge.models import Article
from aftercare.knowledge.rules import Content
from aftercare.knowledge.services import Labels, write_article
from aftercare.ledger.services import move, next_number, record
from aftercare.people.rules import MACHINE, Actor
from aftercare.people.selectors import root_unit, zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.products.selectors import pieces_by_model
from aftercare.refusals import Invalid
from aftercare.triage.rules import titles_of
from aftercare.visits.repairs import causes_of, parts_of

from .models import Defect
from .rules import Suspect, suspects
from .selectors import forget_defects, groups_between, visits_of_defect


def find_defects(*, at: datetime) -> int:
    """Test all groups of repairs, open what stands out, and bring the figures of what is open up to date; give how many are new.

    What was dismissed is not brought up again within the pack's time.
    """
    root = root_unit()
    if root is None:
        return 0
    rule = policy_for(root.pk).pack.quality
    since = at - timedelta(seconds=rule.window)
    start = since - timedelta(seconds=rule.history)
    groups, totals = groups_between(start, since, at)
    pieces = pieces_by_model({group.model for group in groups})
    found = suspects(
        groups,
        window=rule.window,
        history=rule.history,
        totals=totals,
        pieces=pieces,
        false_alarms=rule.false_alarms,
        least=rule.least,
    )
    with transaction.atomic():
        _one_at_a_time()
        return sum(
            _noted(
                suspect,
                pieces.get(suspect.group.model, 0),
                quiet_for=rule.quiet_for,
                zone=zone_of(root.pk),
                spans=(start, since, at),
            )
            for suspect in found
        )


def _noted(
    suspect: Suspect, pieces: int, *, quiet_for: int, zone: str, spans: tuple[datetime, datetime, datetime]
) -> bool:
    """Bring a defect that is open up to date, or open one; say whether it is new."""
    start, since, at = spans
    figures = _figures(suspect, pieces, start=start, since=since, at=at)
    same = Defect.objects.filter(product_model=suspect.group.model, symptom=suspect.group.symptom)
    if same.filter(state__in=["suspected", "confirmed"]).update(**figures):
        return False
    if same.filter(state="dismissed", state_since__gt=at - timedelta(seconds=quiet_for)).exists():
        return False
    _open(suspect, figures, zone=zone, at=at)
    return True


def _one_at_a_time() -> None:
    """Have two workers that look at once note what they found one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE quality_defect IN SHARE ROW EXCLUSIVE MODE")


def confirm_defect(row: Defect, *, by: Actor, at: datetime, because: str) -> None:
    """Confirm a defect: from now on its cases say so, and a quick repair guide is drafted from what was found (M96)."""
    require(by, "decide_defect")
    with transaction.atomic():
        move(row, "confirmed", by=by, at=at, because=_why(because))
        if row.article_id is None:
            guide = _draft_guide(row, by=by, at=at)
            if guide is not None:
                Defect.objects.filter(pk=row.pk).update(article_id=guide.pk)
                row.article = guide
        transaction.on_commit(forget_defects)


def dismiss_defect(row: Defect, *, by: Actor, at: datetime, because: str) -> None:
    """Say that there is no defect, and why."""
    require(by, "decide_defect")
    with transaction.atomic():
        move(row, "dismissed", by=by, at=at, because=_why(because))
        transaction.on_commit(forget_defects)


def remedy_defect(row: Defect, *, by: Actor, at: datetime, because: str) -> None:
    """Say how a defect was remedied; its cases no longer say so."""
    require(by, "decide_defect")
    with transaction.atomic():
        move(row, "remedied", by=by, at=at, because=_why(because))
        transaction.on_commit(forget_defects)


def _open(suspect: Suspect, figures: dict[str, object], *, zone: str, at: datetime) -> None:
    with transaction.atomic():
        row = Defect.objects.create(
            number=next_number("DF", at=at, zone=zone), product_model=suspect.group.model, category=suspect.group.category,
            symptom=suspect.group.symptom, found_at=at, state_since=at, **figures,
        )  # fmt: skip
        causes = causes_of(visits_of_defect(row))
        if causes:
            row.cause, row.cause_percent = causes[0][0][:120], causes[0][2]
            row.save(update_fields=["cause", "cause_percent"])
        record("defect.suspected", row, by=MACHINE, at=at, values={
            "recent": suspect.group.recent, "expected": round(suspect.expected, 1), "against": suspect.against, "chance": suspect.p,
        })  # fmt: skip


def _figures(
    suspect: Suspect, pieces: int, *, start: datetime, since: datetime, at: datetime
) -> dict[str, object]:
    return {
        "looked_at": at, "since": since, "before_from": start, "recent": suspect.group.recent, "before": suspect.group.before,
        "expected": suspect.expected, "against": suspect.against, "chance": suspect.p, "false_share": suspect.q, "pieces": pieces,
    }  # fmt: skip


def _draft_guide(row: Defect, *, by: Actor, at: datetime) -> Article | None:
    """Draft steps in the order of the causes found, each with the part that went with it; nothing where nothing was found yet."""
    visits = visits_of_defect(row)
    causes = causes_of(visits)
    if not causes:
        return None
    used = parts_of(visits)
    lines = []
    for number, (cause, _count, percent) in enumerate(causes, 1):
        going = [visit for visit in visits if visit.cause.strip("。.;； ") == cause]
        parts = list(dict.fromkeys(name for visit in going for _code, name in used.get(visit.pk, ())))[:3]
        done = going[0].solution.strip() if going and going[0].solution.strip() else _("mend it")
        ends = done + (f"（{'、'.join(parts)}）" if parts else "")
        to = str(number + 1) if number < len(causes) else _("ask technical support")
        lines += [f"{number}. {cause}? ({percent} %)", f" - {_('yes')} → {ends}", f" - {_('no')} → {to}"]
    titles = titles_of(policy_for().pack, "symptom")
    symptom = titles[row.symptom].zh if row.symptom in titles else row.symptom
    return write_article(
        "guide", Content(f"{row.product_model} {symptom}：快修指南", "", {"steps": "\n".join(lines)}), by=MACHINE, at=at,
        labels=Labels("staff", (row.category,) if row.category else (), (row.product_model,)),
    )  # fmt: skip


def _why(because: str) -> str:
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    return because.strip()
