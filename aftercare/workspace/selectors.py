"""Reads of the workspace: what is somebody's own, and what their unit or one above it shares."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from aftercare.compiled import compiled
from aftercare.people.rules import Actor
from aftercare.people.selectors import path_of
from aftercare.refusals import NotFound

from .models import CannedText, SavedView


def views_for(actor: Actor, place: str) -> list[SavedView]:
    """Give the views of a list that this reader has: their own first, then those of their team."""
    staff_id = actor.id if actor.kind == "staff" else None
    return _views(place, path_of(actor.unit_id) if actor.unit_id else (), staff_id)


@compiled
def _views(place: str, shared_by: Collection[int], staff_id: int | None) -> QuerySet[SavedView]:
    mine = Q(staff_id=staff_id) if staff_id else Q(pk=None)
    rows = SavedView.objects.filter(Q(unit_id__in=shared_by) | mine, place=place)
    return rows.order_by("unit_id", "name")[:40]


def view_for(actor: Actor, place: str, view_id: int) -> SavedView:
    """Give one view within reach; missing and somebody else's look the same."""
    found = SavedView.objects.filter(_of(actor), place=place, id=view_id).first()
    if found is None:
        raise NotFound()
    return found


def texts_for(actor: Actor, *, like: str = "") -> QuerySet[CannedText]:
    """Give the canned texts that this writer has, the most used first; `like` narrows by title or words."""
    found = CannedText.objects.filter(_of(actor)).order_by("-used", "title")
    return found.filter(Q(title__icontains=like) | Q(text__icontains=like)) if like else found


def text_for(actor: Actor, text_id: int) -> CannedText:
    found = CannedText.objects.filter(_of(actor), id=text_id).first()
    if found is None:
        raise NotFound()
    return found


def _of(actor: Actor) -> Q:
    shared = Q(unit_id__in=path_of(actor.unit_id)) if actor.unit_id else Q(pk=None)
    return shared | Q(staff_id=actor.id) if actor.kind == "staff" else shared
