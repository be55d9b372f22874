"""Rows of appointments and visits."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves
from aftercare.privacy.models import EncryptedText

from .states import APPOINTMENT_MOVES, VISIT_MOVES, AppointmentState, Outcome, VisitState


class Appointment(Stateful):
    """SA-AP-003: the window in which a visit begins, and when it is planned to be made (`planned_from` to `planned_to`).

    `helper` comes along where two are needed. Windows may overlap; no two visits of one engineer are planned at the same time: the database refuses them.

    The embedded server has no btree_gist, so the engineer takes part in the exclusion as a one-number range.
    """

    KIND: ClassVar[str] = "appointment"
    MOVES: ClassVar[Moves] = APPOINTMENT_MOVES

    number = models.CharField(max_length=24, unique=True)
    order = models.ForeignKey("workorders.WorkOrder", on_delete=models.PROTECT, related_name="appointments")
    engineer = models.ForeignKey("people.Staff", on_delete=models.PROTECT, related_name="+")
    helper = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=AppointmentState, default=AppointmentState.PROPOSED)
    slots = models.JSONField(default=list)
    wished = models.CharField(max_length=80, blank=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    planned_from = models.DateTimeField(null=True)
    planned_to = models.DateTimeField(null=True)
    pinned = models.BooleanField(default=False)
    behind_at = models.DateTimeField(null=True)
    chosen_by = models.CharField(max_length=16, blank=True)
    proposed_at = models.DateTimeField()
    booked_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_visit_at_a_time",
                expressions=[
                    (
                        Func(
                            F("engineer"),
                            F("engineer"),
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            F("planned_from"),
                            F("planned_to"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state="booked", planned_from__isnull=False),
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=~Q(state="booked") | Q(starts_at__isnull=False),
                name="booked_appointments_have_a_window",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["proposed", "booked"]),
                name="one_open_appointment_an_order",
            ),
        ]
        indexes = [
            models.Index(
                fields=["remind_at"], name="appointment_reminders", condition=Q(state="booked", reminded_at=None)
            ),
            models.Index(fields=["engineer", "starts_at"], name="appointment_calendar", condition=Q(state="booked")),
            models.Index(
                fields=["planned_from"], name="appointment_behind", condition=Q(state="booked", behind_at=None)
            ),
            models.Index(fields=["helper", "starts_at"], name="appointment_helping", condition=Q(helper__isnull=False)),
        ]  # fmt: skip

    @property
    def case_id(self) -> int:
        return int(self.order.request_id)

    def fact_values(self) -> dict[str, Any]:
        return {
            "appointment": self.number, "holder": self.engineer_id, "helper": self.helper_id,
            "starts_at": self.starts_at.isoformat() if self.starts_at else None,
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
        }  # fmt: skip


class Visit(Stateful):
    """SA-OS-004: one visit (or one remote session) of an engineer."""

    KIND: ClassVar[str] = "visit"
    MOVES: ClassVar[Moves] = VISIT_MOVES

    number = models.CharField(max_length=24, unique=True)
    order = models.ForeignKey("workorders.WorkOrder", on_delete=models.PROTECT, related_name="visit_records")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, null=True)
    engineer = models.ForeignKey("people.Staff", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    is_remote = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=VisitState, default=VisitState.TRAVELLING)
    departed_at = models.DateTimeField()
    arrived_at = models.DateTimeField(null=True)
    phenomenon = models.TextField(blank=True)
    cause = models.TextField(blank=True)
    solution = models.TextField(blank=True)
    in_warranty = models.BooleanField(default=False)
    warranty_until = models.DateField(null=True)
    quote_fen = models.PositiveIntegerField(default=0)
    readings = models.JSONField(default=list)
    checklist = models.JSONField(default=list)
    feedback = EncryptedText(blank=True)
    paid_by = models.CharField(max_length=10, blank=True)
    invoice_wanted = models.BooleanField(default=False)
    tested_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    record_hash = models.CharField(max_length=64, blank=True)
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="finished") | (Q(finished_at__isnull=False) & ~Q(record_hash="")),
                name="finished_visits_are_sealed",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=~Q(state__in=["finished", "abandoned"]),
                name="one_open_visit_an_order",
            ),
        ]
        indexes = [models.Index(fields=["finished_at"], name="visit_by_end")]

    @property
    def case_id(self) -> int:
        return int(self.order.request_id)

    def fact_values(self) -> dict[str, Any]:
        return {"visit": self.number, "holder": self.engineer_id, "remote": self.is_remote}


class QuoteLine(models.Model):
    """One line of a quote: a part, the visit, or another service; free with the reason, or to be agreed to."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=10)
    part = models.ForeignKey("parts.Part", on_delete=models.PROTECT, null=True)
    name = models.CharField(max_length=80)
    model = models.CharField(max_length=40, blank=True)
    quantity = models.PositiveSmallIntegerField(default=1)
    price_fen = models.PositiveIntegerField()
    is_free = models.BooleanField(default=False)
    free_because = models.CharField(max_length=80, blank=True)
    declined = models.BooleanField(default=False)

    @property
    def total_fen(self) -> int:
        return 0 if self.is_free or self.declined else self.price_fen * self.quantity


class Consent(models.Model):
    """The customer's agreement to a quote, by link or by signature, bound to what was quoted."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="consents")
    amount_fen = models.PositiveIntegerField()
    quote_hash = models.CharField(max_length=64)
    channel = models.CharField(max_length=10)
    signature = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True)
    given_at = models.DateTimeField()


class VisitPhoto(models.Model):
    """A photo taken at a step of the visit."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="photos")
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT)
    step = models.CharField(max_length=10)
    taken_at = models.DateTimeField()


class Signature(models.Model):
    """A signature, bound to the hash of the record that was signed."""

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="signatures")
    who = models.CharField(max_length=10)
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT)
    record_hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["visit", "who"], name="one_signature_each")]


class FieldAction(models.Model):
    """One action done on an engineer's phone, perhaps without a network; its id was given there, so it is done once.

    `told_at` is what the phone's clock said, `happened_at` the same instant by ours. What could not be done because the
    order had gone to somebody else is kept whole (`outcome` held, `body` encrypted) until a dispatcher settles it.
    """

    id = models.UUIDField(primary_key=True)
    staff = models.ForeignKey("people.Staff", on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("workorders.WorkOrder", on_delete=models.PROTECT, null=True, related_name="+")
    about = models.CharField(max_length=40)
    step = models.CharField(max_length=16)
    device = models.CharField(max_length=40)
    told_at = models.DateTimeField()
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    answer = models.JSONField(default=list)
    body = EncryptedText(blank=True)
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(
                fields=["order"], name="held_work", condition=Q(outcome="held", settled_at__isnull=True)
            ),
            models.Index(fields=["received_at"], name="field_action_by_age"),
        ]
