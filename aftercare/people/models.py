"""Rows about people: units, staff, certificates, shifts, leave, API clients, and counts for limits."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from aftercare.privacy.models import EncryptedText

from .states import Role, UnitKind


class Unit(models.Model):
    """One node of the company's tree; `path` lists the ids from the root, `/1/4/`, so a subtree is one prefix."""

    kind = models.CharField(max_length=16, choices=UnitKind)
    name = models.CharField(max_length=80)
    name_key = models.CharField(max_length=200, db_index=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    path = models.CharField(max_length=200, db_index=True)
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    phone = models.CharField(max_length=32, blank=True)
    hours = models.JSONField(null=True)

    class Meta:
        ordering = ("name_key",)

    def __str__(self) -> str:
        return self.name


class ProviderTerms(models.Model):
    """What an external provider has agreed to: whose orders it takes (units and all below), its price, its orders a day."""

    unit = models.OneToOneField(Unit, on_delete=models.CASCADE, related_name="terms")
    areas = ArrayField(models.BigIntegerField())
    visit_fen = models.PositiveIntegerField()
    daily_quota = models.PositiveSmallIntegerField()


class StaffManager(BaseUserManager["Staff"]):
    def get_by_natural_key(self, username: str | None) -> Staff:
        return self.get(number__iexact=(username or "").strip())


class Staff(AbstractBaseUser):
    """A member of staff, or a provider's technician; signs in by number (`GY2024001`)."""

    number = models.CharField(max_length=20, unique=True)
    full_name = EncryptedText()
    name_masked = models.CharField(max_length=20)
    name_key = models.CharField(max_length=40)
    phone = EncryptedText(blank=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    email = EncryptedText(blank=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="staff")
    roles = ArrayField(models.CharField(max_length=20, choices=Role))
    skills = ArrayField(models.CharField(max_length=32), default=list)
    is_senior = models.BooleanField(default=False)
    language = models.CharField(max_length=10, default="zh-hans")
    home_lat = models.FloatField(null=True)
    home_lon = models.FloatField(null=True)
    last_lat = models.FloatField(null=True)
    last_lon = models.FloatField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    session_epoch = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[StaffManager] = StaffManager()
    USERNAME_FIELD = "number"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    KIND = "staff"

    class Meta:
        ordering = ("name_key", "number")

    def __str__(self) -> str:
        return f"{self.name_masked} {self.number}"

    @property
    def is_field(self) -> bool:
        return bool({"engineer", "provider"} & set(self.roles))

    def get_session_auth_hash(self) -> str:
        """Bind sessions to the password and to the epoch that "sign out everywhere" raises."""
        from django.utils.crypto import salted_hmac

        return salted_hmac(
            "staff-session", f"{self.password}:{self.session_epoch}", algorithm="sha256"
        ).hexdigest()


class Certificate(models.Model):
    """A certificate that gates work of a category (M49, M53); in force from `valid_on` through `expires_on`."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="certificates")
    code = models.CharField(max_length=32)
    number = models.CharField(max_length=40, blank=True)
    valid_on = models.DateField()
    expires_on = models.DateField()


class Shift(models.Model):
    """A stretch of time in which somebody works; a break of so many minutes begins between `rest_from` and `rest_until`.

    Without a break of its own the pack's rule holds; 0 minutes: none.
    """

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    rest_from = models.DateTimeField(null=True)
    rest_until = models.DateTimeField(null=True)
    rest_minutes = models.PositiveSmallIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["staff", "ends_at"], name="shift_of_staff")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="shift_ends_later"
            )
        ]


class Leave(models.Model):
    """A stretch of time in which somebody is away."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="leaves")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=80, blank=True)
    deputy = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")


class ApiClient(models.Model):
    """A system with a key of its own; the key is stored hashed, its verbs and unit are its scope."""

    name = models.CharField(max_length=80)
    key_hash = models.CharField(max_length=64, unique=True)
    key_hint = models.CharField(max_length=12)
    verbs = ArrayField(models.CharField(max_length=32))
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())
    KIND = "api_client"

    def __str__(self) -> str:
        return self.name


class Replay(models.Model):
    """The answer given to a write that carried an Idempotency-Key, kept so that a repeat gets the same."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE)
    key = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "key"], name="one_answer_a_key")]


class Tally(models.Model):
    """How often something limited has happened within one window."""

    key = models.CharField(max_length=120)
    window = models.BigIntegerField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window"], name="one_tally_a_window")]
