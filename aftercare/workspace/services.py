"""Keep and remove saved views and canned texts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.refusals import Conflict, Invalid

from .models import CannedText, SavedView
from .rules import ACTS, clean_view, text_problems

MOST = 60  # of one person or unit; a menu longer than that helps nobody
VOICES = ("", "out", "internal", "plan", "answer")


def save_view(
    actor: Actor,
    *,
    place: str,
    name: str,
    filters: Mapping[str, str],
    columns: list[str],
    shared: bool,
    colour: str = "",
) -> SavedView:
    """Keep a view under its name; the same name of the same owner is replaced. Shared: for the actor's unit and all below."""
    owner = _owner(actor, shared=shared)
    kept, shown = clean_view(place, name, filters, columns, colour)
    _refuse_too_many(SavedView, owner, name=name.strip())
    view, _made = SavedView.objects.update_or_create(
        **owner,
        place=place,
        name=name.strip(),
        defaults={"filters": kept, "columns": shown, "colour": colour},
    )
    return view


def remove_view(view: SavedView, *, by: Actor) -> None:
    _refuse_of_others(view, by)
    view.delete()


def save_text(
    actor: Actor, *, title: str, text: str, said_as: str, shared: bool, acts: Collection[str] = ()
) -> CannedText:
    """Keep a canned text under its title. Refuses unknown variables, voices and acts, all problems at once."""
    owner, problems = _owner(actor, shared=shared), text_problems(title, text)
    if problems or said_as not in VOICES:
        raise Invalid(
            _("the text can't be kept like this"), problems, where="said_as", expected=", ".join(VOICES[1:])
        )
    if not set(acts) <= ACTS.keys():
        raise Invalid(_("a macro can't do that"), where="acts", expected=", ".join(ACTS))
    _refuse_too_many(CannedText, owner, title=title.strip())
    kept, _made = CannedText.objects.update_or_create(
        **owner,
        title=title.strip(),
        defaults={"text": text.strip(), "said_as": said_as, "acts": [act for act in ACTS if act in acts]},
    )
    return kept


def remove_text(text: CannedText, *, by: Actor) -> None:
    _refuse_of_others(text, by)
    text.delete()


def note_text_used(text: CannedText) -> None:
    """Count that a text was used: the most used stand first."""
    CannedText.objects.filter(pk=text.pk).update(used=F("used") + 1)


def _owner(actor: Actor, *, shared: bool) -> dict[str, Any]:
    require(actor, "share_workspace" if shared else "arrange_workspace")
    return {"staff_id": None, "unit_id": actor.unit_id} if shared else {"staff_id": actor.id, "unit_id": None}


def _refuse_of_others(row: SavedView | CannedText, by: Actor) -> None:
    if row.staff_id is None:
        require(by, "share_workspace", unit_id=row.unit_id, reach=True)
    else:
        require(by, "arrange_workspace")


@transaction.atomic
def _refuse_too_many(model: Any, owner: Mapping[str, Any], **same: str) -> None:
    rows = model.objects.filter(**owner)
    if rows.count() >= MOST and not rows.filter(**same).exists():
        raise Conflict(_("that is as many as can be kept; remove one first"), where="name", code="too_many")
