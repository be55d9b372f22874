"""Rows of intake."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from aftercare.ledger.models import Stateful
from aftercare.ledger.rules import Moves
from aftercare.privacy.models import EncryptedText

from .states import CALL_MOVES, REQUEST_MOVES, CallState, JobState, RawState, RequestState


class Request(Stateful):
    """SA-CR-001: one request of a customer."""

    KIND: ClassVar[str] = "request"
    MOVES: ClassVar[Moves] = REQUEST_MOVES

    number = models.CharField(max_length=24, unique=True)
    received_at = models.DateTimeField()
    channels = ArrayField(models.CharField(max_length=16))
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, null=True)
    item = models.ForeignKey("products.Item", on_delete=models.PROTECT, null=True)
    product_model = models.CharField(max_length=60, blank=True)
    serial = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=32, blank=True)
    purchased_on = models.DateField(null=True)
    kind = models.CharField(max_length=16)
    description = models.TextField()
    urgency = models.CharField(max_length=10)
    urgency_reason = models.JSONField(default=dict)
    emotion = models.CharField(max_length=10)
    emotion_reason = models.JSONField(default=dict)
    reading = models.JSONField(default=dict)
    address = EncryptedText(blank=True)
    address_masked = models.CharField(max_length=200, blank=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    received_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    group = models.CharField(max_length=24, blank=True)
    remark = models.TextField(blank=True)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.OPEN)
    planned_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    external_ref = models.CharField(max_length=80, blank=True)
    policy = models.ForeignKey("policies.PolicyVersion", on_delete=models.PROTECT)
    is_history = models.BooleanField(default=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="merged", db_index=False
    )
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="children", db_index=False
    )
    # requests that people called another matter
    apart_from = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["unit", "state", "-id"], name="request_by_unit"),
            models.Index(fields=["customer", "-id"], name="request_of_customer"),
            models.Index(fields=["serial"], name="request_by_serial", condition=~models.Q(serial="")),
            models.Index(
                fields=["merged_into"], name="request_merged", condition=models.Q(merged_into__isnull=False)
            ),
            models.Index(fields=["parent"], name="request_split", condition=models.Q(parent__isnull=False)),
            models.Index(fields=["received_at"], name="request_by_time"),
            # two characters are a word of Chinese: `pairs_of` gives those that stand side by side
            GinIndex(models.Func("description", function="pairs_of"), name="request_by_pairs"),
            models.Index(
                fields=["product_model", "-id"],
                name="request_by_model",
                condition=~models.Q(product_model=""),
            ),
            models.Index(
                fields=["state_since"],
                name="complaint_ended",
                condition=models.Q(kind="complaint", state__in=["closed", "answered"], is_history=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "external_ref"],
                condition=~models.Q(external_ref=""),
                name="one_request_a_reference",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="closed") | models.Q(closed_at__isnull=False),
                name="closed_requests_say_when",
            ),
            models.CheckConstraint(
                condition=models.Q(state="merged", merged_into__isnull=False)
                | (~models.Q(state="merged") & models.Q(merged_into=None)),
                name="merged_requests_say_where",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def case_id(self) -> int:
        return int(self.pk)

    def fact_values(self) -> dict[str, Any]:
        return {
            "number": self.number, "kind": self.kind, "urgency": self.urgency, "category": self.category,
            "holder": self.owner_id,
        }  # fmt: skip


class RequestFile(models.Model):
    """A photo, video or voice note that belongs to a request."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="files")
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT)


class ReadingCheck(models.Model):
    """What somebody says a field of a request should have been read as: the measure of readings, and what models learn from."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="checks")
    field = models.CharField(max_length=16)
    read = models.CharField(max_length=40, blank=True)
    sure = models.BooleanField(default=False)
    read_by = models.CharField(max_length=8, blank=True)
    model = models.PositiveIntegerField(default=0)
    right = models.CharField(max_length=40)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "field"], name="one_check_a_field")]
        indexes = [models.Index(fields=["field", "at"], name="check_by_field")]

    @property
    def is_right(self) -> bool:
        return self.read == self.right


class Follower(models.Model):
    """Somebody who wants to hear what happens to a request that is not theirs."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="followers")
    staff = models.ForeignKey("people.Staff", on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "staff"], name="one_follower_a_person")]


class Presence(models.Model):
    """Somebody who has a request open at this moment, and whether they are writing; forgotten after a minute."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="+")
    staff = models.ForeignKey("people.Staff", on_delete=models.CASCADE, related_name="+")
    writes = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "staff"], name="one_presence_a_person")]


class Call(Stateful):
    """One call or chat that the telephone system told of (M9): when it rang, who answered, and the request it led to.

    Until it has led to one it is a case of its own, with an id below zero, so that its clock stands for itself.
    """

    KIND: ClassVar[str] = "call"
    MOVES: ClassVar[Moves] = CALL_MOVES

    ref = models.CharField(max_length=80)
    line = models.CharField(max_length=8)
    caller = EncryptedText(blank=True)
    caller_masked = models.CharField(max_length=40, blank=True)
    rang_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey("people.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, null=True, related_name="calls")
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=CallState, default=CallState.RINGING)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "ref"], name="one_call_a_reference")]
        indexes = [models.Index(fields=["unit", "-rang_at"], name="call_by_unit")]

    @property
    def case_id(self) -> int:
        return -int(self.pk)

    @property
    def clock_key(self) -> str:
        return f"{self.KIND}:{self.pk}"

    def fact_values(self) -> dict[str, Any]:
        return {
            "kind": self.line, "urgency": "normal", "category": "", "holder": self.answered_by_id, "caller": self.caller_masked,
            "ref": self.ref,
        }  # fmt: skip


class Passage(models.Model):
    """How some seconds of a call were spoken (M27): syllables a second and loudness in dB, and what is heard in it. Words are not kept."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="passages")
    at = models.DateTimeField()
    seconds = models.FloatField()
    rate = models.FloatField(null=True)
    loudness = models.FloatField(null=True)
    emotion = models.CharField(max_length=10)
    strength = models.FloatField(default=0)
    heard = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "at"], name="one_passage_an_instant")]

    @property
    def values(self) -> dict[str, Any]:
        """What a fact keeps of it: emotion, strength, what follows, and the signs of the voice."""
        return {"emotion": self.emotion, "strength": self.strength, **self.heard}


class Note(models.Model):
    """Something said or written about a request: by whom, and who may see it."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField()
    kind = models.CharField(max_length=10)
    author = models.CharField(max_length=80)
    text = EncryptedText()
    fact_id = models.BigIntegerField(null=True)


class ImportJob(models.Model):
    """One file being imported with one mapping; the same file and mapping again resume the same job."""

    name = models.CharField(max_length=160)
    digest = models.CharField(max_length=64, unique=True)
    mapping = models.JSONField()
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.LOADING)
    total = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=80)
    KIND = "import"


class RawInput(models.Model):
    """What a channel delivered, before it was parsed; encrypted, because it may hold anything."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, null=True, related_name="rows")
    line = models.PositiveIntegerField(default=0)
    channel = models.CharField(max_length=16)
    body = EncryptedText()
    state = models.CharField(max_length=10, choices=RawState, default=RawState.WAITING)
    problems = models.JSONField(default=list)
    request = models.ForeignKey(Request, on_delete=models.SET_NULL, null=True)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT)
    kept_at = models.DateTimeField(db_default=Now())
    KIND = "raw_input"

    class Meta:
        indexes = [
            models.Index(fields=["job", "line"], name="raw_of_job"),
            models.Index(fields=["state", "id"], name="raw_refused", condition=models.Q(state="refused")),
        ]


class ReportPoint(models.Model):
    """A printed QR code of a store or a product: whoever scans it reports there (M3, M4)."""

    code = models.CharField(max_length=24, unique=True)
    unit = models.ForeignKey("people.Unit", on_delete=models.CASCADE)
    product = models.ForeignKey("products.Product", on_delete=models.CASCADE, null=True)
    item = models.ForeignKey("products.Item", on_delete=models.CASCADE, null=True)
    active = models.BooleanField(default=True)
