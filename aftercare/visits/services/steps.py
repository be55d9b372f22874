"""The steps of a job as a phone tells them: names and texts become verbs, whether sent at once or hours later."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from aftercare.files.services import Place
from aftercare.files.uploading import forget_upload, uploaded
from aftercare.parts.services import ask_transfer
from aftercare.people.rules import Actor
from aftercare.people.services import report_position
from aftercare.refusals import Conflict, Invalid, NotFound
from aftercare.workorders.models import WorkOrder
from aftercare.workorders.services import convert_to_visit

from ..models import Visit
from ..selectors import open_visit
from .appointing import book_visit
from .finishing import abandon_visit, add_photo, finish_repair, finish_visit, measure_visit
from .quoting import give_consent, quote_visit
from .visiting import announce_lateness, arrive, check_own, depart, diagnose, start_remote_support


class Told:
    """What was filled in: texts by name, some names with several."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> str:
        given = self._values.get(name) or [""]
        return str(given[-1])

    def every(self, name: str) -> list[str]:
        return [str(value) for value in self._values.get(name) or []]

    def named(self, prefix: str) -> dict[str, str]:
        """Give the filled fields whose names begin with `prefix`, by the rest of the name."""
        return {
            name.removeprefix(prefix): self[name].strip()
            for name in self._values
            if name.startswith(prefix) and self[name].strip()
        }

    def whole(self, name: str, otherwise: int) -> int:
        return (
            int(self[name])
            if self[name].isascii() and self[name].isdecimal() and len(self[name]) < 10
            else otherwise
        )

    def place(self) -> Place | None:
        if not self["lat"] or not self["lon"]:
            return None
        try:
            return float(self["lat"]), float(self["lon"])
        except ValueError as error:
            raise Invalid(_("this is not a place"), where="lat, lon") from error


def do_step(order: WorkOrder, step: str, told: Told, *, by: Actor, at: datetime) -> None:
    """Do one step of a job. Refused are unknown steps and whatever the step's verb refuses."""
    act = _STEPS.get(step)
    if act is None:
        raise NotFound()
    act(order, told, by, at)


def _depart(order: WorkOrder, told: Told, by: Actor, at: datetime) -> None:
    if order.service_type == "remote":
        start_remote_support(order, by=by, at=at)
    else:
        depart(order, by=by, at=at, checklist=told.every("checklist"))
    _note_place(told, by, at)


def _arrive(order: WorkOrder, told: Told, by: Actor, at: datetime) -> None:
    arrive(_visit(order), by=by, at=at, checklist=told.every("checklist"))
    _note_place(told, by, at)


def _book(order: WorkOrder, told: Told, by: Actor, at: datetime) -> None:
    starts_at, ends_at = window_told(told["window"])
    book_visit(order, starts_at=starts_at, ends_at=ends_at, by=by, at=at)


def window_told(text: str) -> tuple[datetime, datetime]:
    """Read a window written as two instants with a slash between them."""
    starts, _slash, ends = text.partition("/")
    try:
        starts_at, ends_at = parse_datetime(starts), parse_datetime(ends)
    except ValueError:
        starts_at = ends_at = None
    if starts_at is None or ends_at is None or starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise Invalid(_("choose a time"), where="window", expected=_("one of the free windows"))
    return starts_at, ends_at


def _ask_part(order: WorkOrder, told: Told, by: Actor, at: datetime) -> None:
    check_own(order, by)
    ask_transfer(
        told["part"], told.whole("quantity", 0), unit_id=order.unit_id, case_id=order.request_id, order_id=order.pk,
        order_number=order.number, by=by, at=at,
    )  # fmt: skip


def _quote(order: WorkOrder, told: Told, by: Actor, at: datetime) -> None:
    parts = [
        (code, told.whole(f"part:{code}", -1)) for code, count in told.named("part:").items() if count != "0"
    ]
    services = []
    if told["service"].strip():
        try:
            services = [(told["service"], round(float(told["service_price"]) * 100))]
        except (ValueError, OverflowError) as error:
            raise Invalid(_("this is not a price"), where="service_price", expected="50.00") from error
    quote_visit(_visit(order), parts=parts, services=services, by=by, at=at)


def _requote(order: WorkOrder, told: Told, by: Actor, at: datetime) -> None:
    """Quote anew before the repair is done; the customer agrees anew. A step of its own: a quote sent by a second phone changes nothing."""
    state = _visit(order).state
    if state not in ("quoted", "agreed"):
        raise Conflict(
            _("this quote can't be changed now"),
            where="state",
            expected=_("quoted or agreed to, not yet repaired"),
        )
    _quote(order, told, by, at)


def _test(order: WorkOrder, told: Told, by: Actor, at: datetime) -> None:
    readings = {}
    for code, value in told.named("reading:").items():
        try:
            readings[code] = float(value)
        except ValueError as error:
            raise Invalid(_("this is not a number"), where=f"readings.{code}", expected="16.0") from error
    measure_visit(
        _visit(order),
        readings,
        checklist=told.every("checklist"),
        by=by,
        at=at,
        because=told["because"],
    )


def _sign(order: WorkOrder, told: Told, by: Actor, at: datetime) -> None:
    finish_visit(
        _visit(order), customer_signature=told["customer_signature"], engineer_signature=told["engineer_signature"],
        by=by, at=at, feedback=told["feedback"], paid_by=told["paid_by"], invoice_wanted=told["invoice"] == "1",
    )  # fmt: skip


def _photo(order: WorkOrder, told: Told, by: Actor, at: datetime) -> None:
    """Keep a photo whose pieces were sent before; the step is the one it was taken in."""
    visit = _visit(order)
    try:
        upload = UUID(told["upload"])
    except ValueError as error:
        raise Invalid(_("no photo was taken"), where="photo", expected="JPEG, PNG") from error
    content = uploaded(upload, by.id or 0)
    add_photo(
        visit,
        content,
        step=told["taken_in"] or visit.state,
        by=by,
        at=at,
        name="photo.jpg",
        place=told.place(),
    )
    forget_upload(upload, by.id or 0)


def _note_place(told: Told, by: Actor, at: datetime) -> None:
    place = told.place()
    if place and by.id is not None:
        report_position(by.id, lat=place[0], lon=place[1], at=at)


def _visit(order: WorkOrder) -> Visit:
    visit = open_visit(order.pk)
    if visit is None:
        raise NotFound(_("no visit of this order is open"))
    return visit


_Step = Callable[[WorkOrder, Told, Actor, datetime], None]
_STEPS: dict[str, _Step] = {
    "depart": _depart,
    "arrive": _arrive,
    "book": _book,
    "ask_part": _ask_part,
    "quote": _quote,
    "requote": _requote,
    "test": _test,
    "sign": _sign,
    "photo": _photo,
    "late": lambda order, told, by, at: announce_lateness(order, told.whole("minutes", 0), by=by, at=at),
    "diagnose": lambda order, told, by, at: diagnose(
        _visit(order), phenomenon=told["phenomenon"], cause=told["cause"], serial=told["serial"], by=by, at=at
    ),
    "consent": lambda order, told, by, at: give_consent(
        _visit(order),
        amount_fen=told.whole("amount", -1),
        channel="glass",
        signature=told["signature"],
        by=by,
        at=at,
    ),
    "repair": lambda order, told, by, at: finish_repair(
        _visit(order), solution=told["solution"], by=by, at=at
    ),
    "abandon": lambda order, told, by, at: abandon_visit(
        _visit(order), because=told["because"], by=by, at=at
    ),
    "convert": lambda order, told, by, at: convert_to_visit(
        order, by=by, at=at, because=told["because"] or "—"
    ),
}
STEPS = frozenset(_STEPS)
