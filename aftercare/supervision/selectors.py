"""Reads of papers, grades and levels of authority."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from aftercare.compiled import compiled
from aftercare.followup.models import Recovery, Survey
from aftercare.intake.models import Request
from aftercare.intake.rules import similarity
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import NotFound
from aftercare.sla.models import Clock
from aftercare.workorders.models import WorkOrder

from .models import Authority, Check, Grade, Paper, Team, TeamStep
from .rules import ALIKE, Case, Ended, likeness
from .states import OWED

LOOKED_AT = 200
ATTACHED = 6
WEIGHED = 5000  # ended cases of a month that are weighed, at most
FEW = 50


def papers_for(actor: Actor, *, code: str = "", state: str = "") -> QuerySet[Paper]:
    """Give the papers within reach, newest first."""
    require(actor, "read_paper")
    rows = Paper.objects.select_related("request__customer", "unit", "holder", "owner", "filed_by").order_by(
        "-id"
    )
    rows = rows if actor.units is None else rows.filter(unit_id__in=actor.units)
    if code:
        rows = rows.filter(code=code)
    return rows.filter(state=state) if state else rows


def paper_for(actor: Actor, number: str) -> Paper:
    found = papers_for(actor).filter(number=number).first()
    if found is None:
        raise NotFound()
    return found


def ended_cases(since: datetime, until: datetime) -> list[Ended]:
    """Give the cases that ended in a span and have something to tell; where nothing has, the newest few.

    Known of each: `kind`, `urgency`, `emotion`, `grade`, `level`, `team`, `rating` (0: none), `recovered`, `repeat`, `late`.
    """
    orders = WorkOrder.objects.filter(request_id=OuterRef("pk"))
    rows = Request.objects.filter(
        state__in=["answered", "closed"], state_since__gte=since, state_since__lt=until, is_history=False
    ).annotate(
        of_grade=F("grade__state"), of_level=F("authority__state"), has_team=Exists(Team.objects.filter(request_id=OuterRef("pk"))),
        rated=Subquery(Survey.objects.filter(order__request_id=OuterRef("pk"), overall__isnull=False).order_by("-id").values("overall")[:1]),
        won_back=Exists(Recovery.objects.filter(order__request_id=OuterRef("pk"), state="closed")),
        again=Exists(orders.filter(is_repeat=True)), was_late=Exists(Clock.objects.filter(case_id=OuterRef("pk"), breached_at__isnull=False)),
    )  # fmt: skip
    telling = rows.filter(
        Q(of_grade__in=["urgent", "crisis"]) | Q(of_level__in=["region", "headquarters"]) | Q(has_team=True) | Q(rated__lte=2)
        | Q(won_back=True) | Q(again=True) | Q(was_late=True) | Q(rated=5, urgency="critical")
    )  # fmt: skip
    found = list(telling.order_by("-state_since")[:WEIGHED])
    if len(found) < FEW:
        found += rows.exclude(pk__in=[row.pk for row in found]).order_by("-state_since")[: FEW - len(found)]
    return [
        Ended(
            row.pk,
            {
                "kind": row.kind, "urgency": row.urgency, "emotion": row.emotion, "grade": row.of_grade or "", "level": row.of_level or "",
                "team": row.has_team, "rating": row.rated or 0, "recovered": row.won_back, "repeat": row.again, "late": row.was_late,
            },
            (row.category, _matter(row)),
        )
        for row in found
    ]  # fmt: skip


def _matter(row: Request) -> str:
    """Give what a case was about: the complaint, the part that failed, the danger or symptom that was told, else its kind."""
    told = row.reading.get("notes", {})
    noted = next((str(found[0]["code"]) for name in ("danger", "symptom") if (found := told.get(name))), "")
    return _read(row, "complaint") or _read(row, "component") or noted or row.kind


def _read(row: Request, name: str) -> str:
    return str(row.reading.get("fields", {}).get(name, {}).get("value", ""))


def checks_of(paper: Paper) -> list[Check]:
    return list(paper.checks.select_related("by").order_by("id"))


@compiled
def papers_of(case_id: int) -> QuerySet[Paper]:
    return Paper.objects.filter(request_id=case_id).exclude(state="withdrawn").order_by("id")


def paper_counts(actor: Actor, *, since: datetime) -> dict[tuple[str, str], int]:
    """Count papers by kind and state: all that are owed, and those closed or withdrawn since an instant."""
    rows = papers_for(actor).filter(Q(state__in=OWED) | Q(state_since__gte=since))
    return {
        (code, state): n
        for code, state, n in rows.order_by().values_list("code", "state").annotate(n=Count("id"))
    }


def cause_counts(actor: Actor, code: str, *, since: datetime) -> list[tuple[str, int]]:
    """Count the causes named in papers of a kind filed since an instant, the commonest first."""
    rows = papers_for(actor, code=code).filter(filed_at__gte=since).exclude(cause="")
    return list(rows.order_by().values_list("cause").annotate(n=Count("id")).order_by("-n", "cause"))


def checks_failed(actor: Actor, *, since: datetime) -> int:
    """Count the checks that did not pass since an instant."""
    return papers_for(actor).filter(checks__at__gte=since, checks__passed=False).count()


def similar_cases(paper: Paper) -> list[dict[str, object]]:
    """Give the cases most like that of a paper among the last of its kind: number, request, what they share, cause."""
    within = policy_for(paper.unit_id).pack.papers.similar_within
    rows = (
        Paper.objects.filter(code=paper.code, asked_at__gte=paper.asked_at - timedelta(seconds=within))
        .exclude(request_id=paper.request_id)
        .exclude(state="withdrawn")
        .select_related("request")
    )
    mine = _case(paper)
    found = []
    for other in rows.order_by("-id")[:LOOKED_AT]:
        words = similarity(paper.request.description, other.request.description)
        points, shared = likeness(mine, _case(other), words)
        if points >= ALIKE:
            found.append((points, other, shared))
    found.sort(key=lambda row: (-row[0], -row[1].pk))
    return [
        {
            "paper": other.number,
            "request": other.request.number,
            "unit": other.unit_id,
            "shared": shared,
            "cause": other.cause,
        }
        for _points, other, shared in found[:ATTACHED]
    ]


def standing_of(case_id: int) -> tuple[Grade | None, Authority | None, Team | None]:
    """Give the grade of a case, the level that decides it and its emergency team, where it has them."""
    (row,) = _with_standing(case_id)
    return getattr(row, "grade", None), getattr(row, "authority", None), getattr(row, "team", None)


@compiled
def _with_standing(case_id: int) -> QuerySet[Request]:
    rows = Request.objects.select_related("grade", "authority__taken_by", "team__lead")
    return rows.only("id", "grade", "authority", "team").filter(pk=case_id)


def team_for(actor: Actor, case_id: int) -> Team:
    """Give the team of a case; that the case is within reach was looked at by whoever has it."""
    require(actor, "read_request")
    found = Team.objects.select_related("request").filter(request_id=case_id).first()
    if found is None:
        raise NotFound()
    return found


def steps_of_team(team: Team) -> list[TeamStep]:
    return list(team.steps.select_related("done_by").order_by("id"))


def teams_at_work(actor: Actor) -> list[Team]:
    """Give the emergency teams within reach that have not stood down, newest first."""
    require(actor, "read_board")
    return _teams(actor.units)


@compiled
def _teams(units: frozenset[int] | None) -> QuerySet[Team]:
    rows = Team.objects.filter(state="formed").select_related("request", "unit", "lead").order_by("-id")
    rows = rows.annotate(left=Count("steps", filter=Q(steps__state="due")), all_steps=Count("steps"))
    return (rows if units is None else rows.filter(unit_id__in=units))[:20]


def raised_cases(actor: Actor) -> QuerySet[Authority]:
    """Give the cases within reach that a level above the store decides or that the rules would raise, oldest first."""
    require(actor, "read_paper")
    rows = Authority.objects.filter(
        ~Q(state="store") | ~Q(suggested=""), request__state="open"
    ).select_related("request", "unit", "taken_by")
    return (rows if actor.units is None else rows.filter(unit_id__in=actor.units)).order_by("state_since")


def store_share(actor: Actor, *, since: datetime) -> tuple[int, int]:
    """Give how many complaints closed since an instant stayed with the store, and how many were closed (M42: 87 %)."""
    require(actor, "read_paper")
    closed = _closed_complaints.count(actor.units, since)
    return closed - _closed_complaints.count(actor.units, since, ["region", "headquarters"]), closed


@compiled
def _closed_complaints(
    units: frozenset[int] | None, since: datetime, decided_by: Collection[str] = ()
) -> QuerySet[Request, tuple[int]]:
    rows = Request.objects.filter(
        kind="complaint", state__in=["closed", "answered"], state_since__gte=since, is_history=False
    )
    rows = rows if units is None else rows.filter(unit_id__in=units)
    return (rows.filter(authority__state__in=decided_by) if decided_by else rows).values_list("id")


def complaints_like(request: Request, *, within: int, alike: int) -> list[Request]:
    """Give complaints of other customers about the same cause, received within so many seconds before this one.

    The same cause: the same category, and the same model or words alike to `alike` percent.
    """
    since = request.received_at - timedelta(seconds=within)
    rows = (
        Request.objects.filter(
            kind="complaint",
            category=request.category,
            received_at__gte=since,
            received_at__lte=request.received_at,
        )
        .exclude(pk=request.pk)
        .exclude(customer_id=request.customer_id or 0)
        .exclude(state="merged")
    )
    return [
        row
        for row in rows.order_by("-id")[:LOOKED_AT]
        if (request.product_model and row.product_model == request.product_model)
        or similarity(request.description, row.description) * 100 >= alike
    ]


def _case(paper: Paper) -> Case:
    request = paper.request
    codes = frozenset(str(about["code"]) for about in paper.about if "code" in about)
    return Case(codes, request.category, request.product_model, paper.unit_id, paper.holder_id)
