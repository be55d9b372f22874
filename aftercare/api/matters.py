"""Operations on what requests are to each other, who decides them, and the papers they owe."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from aftercare.intake.selectors import request_for
from aftercare.intake.services import colleague, hand_over_requests, keep_apart, preview_hand_over
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict
from aftercare.supervision.selectors import paper_for, papers_for
from aftercare.supervision.services import ask_paper, change_grade, file_paper, hand_back, raise_authority
from aftercare.workorders.services import Portion, merge_request, split_request, unmerge_request

from .framing import PROBLEMS, actor, after_cursor, cursor_of, now, once
from .rows import request_out
from .shapes import (
    ApartIn,
    AskIn,
    GradeIn,
    HandOverIn,
    LevelIn,
    MergedOut,
    MergeIn,
    PaperIn,
    PaperOut,
    PaperPage,
    ProblemOut,
    ReasonIn,
    RequestOut,
    SplitIn,
    SplitOut,
)

router = Router()
refusals = frozenset(PROBLEMS)
Number = Annotated[str, Field(max_length=24)]


def _paper(row: Any) -> dict[str, Any]:
    return {
        "number": row.number, "paper": row.code, "request": row.request.number, "state": row.state, "asked_at": row.asked_at,
        "filed_at": row.filed_at, "cause": row.cause, "done_by": row.done_by, "rounds": row.rounds, "unit_id": row.unit_id,
    }  # fmt: skip


@router.post("/requests/{number}/hand-over", response={200: RequestOut, refusals: ProblemOut})
def hand_over(request: HttpRequest, number: Number, body: HandOverIn) -> Any:
    """Make a colleague, by staff number, answer for a request; 409 when it can't change hands."""
    who, at = actor(request), now()
    require(who, "hand_over_request")
    row = request_for(who, number)

    def act() -> dict[str, Any]:
        to = colleague([row.unit_id], body.to.strip().upper())
        if not hand_over_requests([row], to, by=who, at=at, because=body.because):
            against = preview_hand_over([row], to, by=who)[0].against
            raise Conflict(against, where="to", code="not_handed_over")
        return request_out(request_for(who, number))

    return once(request, 200, act)


@router.post("/requests/{number}/merge", response={200: MergedOut, refusals: ProblemOut})
def merge(request: HttpRequest, number: Number, body: MergeIn) -> Any:
    """Merge a request into another one about the same matter; its customer is told."""
    who, at = actor(request), now()
    require(who, "edit_request")
    row, into = request_for(who, number), request_for(who, body.into)

    def act() -> dict[str, Any]:
        merge_request(row, into, by=who, at=at, because=body.because)
        return {"number": row.number, "state": row.state, "merged_into": into.number}

    return once(request, 200, act)


@router.post("/requests/{number}/unmerge", response={200: MergedOut, refusals: ProblemOut})
def unmerge(request: HttpRequest, number: Number, body: ReasonIn) -> Any:
    """Undo a merge; the clocks are as if it had not been."""
    who, at = actor(request), now()
    require(who, "edit_request")
    row = request_for(who, number)

    def act() -> dict[str, Any]:
        unmerge_request(row, by=who, at=at, because=body.because)
        return {"number": row.number, "state": row.state, "merged_into": None}

    return once(request, 200, act)


@router.post("/requests/{number}/apart", response={200: MergedOut, refusals: ProblemOut})
def apart(request: HttpRequest, number: Number, body: ApartIn) -> Any:
    """Say that a request is another matter than one it looks like: neither is suggested for the other again."""
    who, at = actor(request), now()
    require(who, "edit_request")
    row, other = request_for(who, number), request_for(who, body.other)

    def act() -> dict[str, Any]:
        keep_apart(row, other, by=who, at=at)
        return {"number": row.number, "state": row.state, "merged_into": None}

    return once(request, 200, act)


@router.post("/requests/{number}/split", response={201: SplitOut, refusals: ProblemOut})
def split(request: HttpRequest, number: Number, body: SplitIn) -> Any:
    """Split matters off into requests of their own; the whole can't end before them."""
    who, at = actor(request), now()
    require(who, "edit_request")
    row = request_for(who, number)

    def act() -> dict[str, Any]:
        portions = [Portion(matter.kind, matter.description, matter.category) for matter in body.matters]
        return {
            "number": row.number,
            "children": [child.number for child in split_request(row, portions, by=who, at=at)],
        }

    return once(request, 201, act)


@router.post("/requests/{number}/authority", response={200: MergedOut, refusals: ProblemOut})
def authority(request: HttpRequest, number: Number, body: LevelIn) -> Any:
    """Hand a case up to a level (`region`, `headquarters`), or back to the level below (`back`), for a reason."""
    who, at = actor(request), now()
    require(who, "raise_authority")
    row = request_for(who, number)

    def act() -> dict[str, Any]:
        if body.level == "back":
            hand_back(row, by=who, at=at, because=body.because)
        else:
            raise_authority(row, body.level, by=who, at=at, because=body.because)
        return {"number": row.number, "state": row.state, "merged_into": None}

    return once(request, 200, act)


@router.post("/requests/{number}/grade", response={200: MergedOut, refusals: ProblemOut})
def grade(request: HttpRequest, number: Number, body: GradeIn) -> Any:
    """Give a complaint another grade (`ordinary`, `urgent`, `crisis`), for a reason; its clocks follow."""
    who, at = actor(request), now()
    require(who, "grade_complaint")
    row = request_for(who, number)

    def act() -> dict[str, Any]:
        change_grade(row, body.grade, by=who, at=at, because=body.because)
        return {"number": row.number, "state": row.state, "merged_into": None}

    return once(request, 200, act)


@router.post("/requests/{number}/papers", response={201: PaperOut, refusals: ProblemOut})
def ask(request: HttpRequest, number: Number, body: AskIn) -> Any:
    """Ask for a paper that the pack allows to be asked for by hand."""
    who, at = actor(request), now()
    require(who, "ask_paper")
    row = request_for(who, number)
    return once(request, 201, lambda: _paper(ask_paper(row, body.paper, by=who, at=at, because=body.because)))


@router.get("/papers", response={200: PaperPage, refusals: ProblemOut})
def list_papers(
    request: HttpRequest, paper: Annotated[str, Field(max_length=32)] = "", state: Annotated[str, Field(max_length=12)] = "",
    limit: Annotated[int, Field(ge=1, le=200)] = 50, cursor: Annotated[str, Field(max_length=60)] = "",
) -> Any:  # fmt: skip
    """List papers, newest first."""
    rows = papers_for(actor(request), code=paper, state=state)
    before = after_cursor(cursor)
    found = list((rows.filter(id__lt=before) if before is not None else rows)[: limit + 1])
    return {
        "items": [_paper(row) for row in found[:limit]],
        "next": cursor_of(found[limit - 1].pk) if len(found) > limit else None,
    }


@router.post("/papers/{number}", response={200: PaperOut, refusals: ProblemOut})
def hand_in(request: HttpRequest, number: Number, body: PaperIn) -> Any:
    """Hand a paper in: the entries that the pack's papers.toml names."""
    who, at = actor(request), now()
    require(who, "write_paper")
    row = paper_for(who, number)
    known = {entry.code for rule in policy_for(row.unit_id).pack.papers.papers for entry in rule.entries}

    def act() -> dict[str, Any]:
        file_paper(row, {code: text for code, text in body.entries.items() if code in known}, by=who, at=at)
        return _paper(row)

    return once(request, 200, act)
