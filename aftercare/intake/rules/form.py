"""SA-CR-001 as values, and its writing rules: phenomenon, frequency, self-help; not "坏了", no guesses (M11, M121)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils.translation import gettext as _

from aftercare.policies.rules import Pack, matched_words
from aftercare.refusals import NUL, Problem

TEXT_MAX = 4000
TEXTS = (
    "description",
    "name",
    "phone",
    "email",
    "address",
    "product_model",
    "serial",
    "category",
    "remark",
    "external_ref",
)


@dataclass(frozen=True)
class RequestForm:
    """What was asked of the customer; urgency and emotion may be left to the rules."""

    kind: str
    description: str
    channels: tuple[str, ...]
    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    product_model: str = ""
    serial: str = ""
    purchased_on: date | None = None
    category: str = ""
    item_id: int | None = None
    customer_id: int | None = None
    urgency: str = ""
    emotion: str = ""
    remark: str = ""
    unit_id: int | None = None
    external_ref: str = ""
    file_ids: tuple[int, ...] = ()
    strict_writing: bool = True
    needs_contact: bool = True
    history: dict[str, datetime] = field(default_factory=dict)


def form_problems(form: RequestForm, pack: Pack, *, today: date) -> list[Problem]:
    """Say everything that is wrong with a form, each with what was expected."""
    forms = pack.forms
    problems = [
        *_choice("kind", form.kind, (k.code for k in forms.kinds)),
        *_choice("urgency", form.urgency, ["", *(u.code for u in forms.urgencies)]),
        *_choice("emotion", form.emotion, ["", *(e.code for e in forms.emotions)]),
    ]
    channels = {c.code for c in forms.channels}
    if not form.channels or not set(form.channels) <= channels:
        problems.append(Problem("channels", _("unknown channel"), ", ".join(sorted(channels))))
    problems += [
        Problem(name, _("a text holds a character that can't be stored"), _("text without U+0000"))
        for name in TEXTS
        if NUL in getattr(form, name)
    ]
    problems += writing_problems(form, pack)
    if form.serial and not re.fullmatch(forms.serial_pattern, form.serial):
        problems.append(
            Problem(
                "serial",
                _("this is not a serial number"),
                _("6 to 30 letters, digits and hyphens, from the plate"),
            )
        )
    if form.purchased_on and form.purchased_on > today:
        problems.append(Problem("purchased_on", _("the day of purchase is in the future"), f"≤ {today}"))
    problems += _place_problems(form)
    return problems


def writing_problems(form: RequestForm, pack: Pack) -> list[Problem]:
    """Apply the writing rules to a description."""
    text = form.description.strip()
    forms = pack.forms
    if len(text) > TEXT_MAX:
        return [Problem("description", _("the description is too long"), _("at most 4,000 characters"))]
    if not text:
        return [
            Problem("description", _("the description is missing"), _("what was seen, heard or measured"))
        ]
    if not form.strict_writing:
        return []
    rest = text
    for word in matched_words(text, forms.vague_words):
        rest = rest.replace(word, "")
    bare = re.sub(r"[\W_]|空调|冰箱|洗衣机|电视|热水器|产品|东西|我的|你们|了", "", rest)
    vague = matched_words(text, forms.vague_words)
    if vague and len(bare) < forms.description_min // 2:
        return [
            Problem(
                "description",
                _("“%(word)s” is not a phenomenon") % {"word": vague[0]},
                _("what was seen, heard or measured, how often, and what was tried"),
            )
        ]
    if len(re.sub(r"\s", "", text)) < forms.description_min:
        return [
            Problem(
                "description",
                _("the description is too short"),
                _("at least %(n)d characters: what happens, how often, what was tried")
                % {"n": forms.description_min},
            )
        ]
    guesses = matched_words(text, forms.guess_words)
    if guesses and form.kind == "repair":
        return [
            Problem(
                "description",
                _("“%(word)s” is a guess, not a finding") % {"word": guesses[0]},
                _("what was seen, heard or measured; the cause is found by the engineer"),
            )
        ]
    return []


def _place_problems(form: RequestForm) -> list[Problem]:
    if form.lat is None and form.lon is None:
        return []
    if form.lat is None or form.lon is None or not (-90 <= form.lat <= 90 and -180 <= form.lon <= 180):
        return [Problem("lat, lon", _("this is not a place"), "-90…90, -180…180")]
    if abs(form.lat) < 1e-6 and abs(form.lon) < 1e-6:
        return [
            Problem("lat, lon", _("0, 0 is in the sea: the place is missing"), _("real coordinates, or none"))
        ]
    return []


def _choice(where: str, value: str, allowed: Iterable[str]) -> list[Problem]:
    choices = list(allowed)
    if value in choices:
        return []
    what = _("“%(value)s” is not a choice") % {"value": value} if value else _("nothing was chosen")
    return [Problem(where, what, ", ".join(c for c in choices if c))]
