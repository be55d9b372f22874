"""Reads of the workspace: what is somebody's own, and what their unit or one above it shares."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from aftercare.people.rules import Actor
from aftercare.people.selectors import path_of
from aftercare.refusals import NotFound

from .models import CannedText, SavedView


def views_for(actor: Actor, place: str) -> list[SavedView]:
    """Give the views of a list that this reader has: their own first, then those of their team."""
    return list(SavedView.objects.filter(_of(actor), place=place).order_by("unit_id", "name")[:40])


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
