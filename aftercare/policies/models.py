"""Activated versions of policy packs."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class PolicyVersion(models.Model):
    """An activated pack: immutable content; `unit` None means the whole company."""

    number = models.PositiveIntegerField(unique=True)
    pack = models.CharField(max_length=32)
    overlays = ArrayField(models.CharField(max_length=32), default=list)
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, null=True)
    active = models.BooleanField(default=True)
    activated_at = models.DateTimeField()
    activated_by = models.CharField(max_length=80)
    saved_at = models.DateTimeField(db_default=Now())
    KIND = "policy"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit"],
                condition=models.Q(active=True),
                name="one_active_policy_a_unit",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.pack} v{self.number}"


class PolicyDraft(models.Model):
    """What somebody is changing in the policy in force of a unit (None: the company): not yet decided, decides nothing."""

    base = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="drafts")
    unit = models.ForeignKey("people.Unit", on_delete=models.CASCADE, null=True)
    changes = models.JSONField(default=dict)
    toml = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=1)
    edited_at = models.DateTimeField()
    edited_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit"], name="one_draft_a_unit", nulls_distinct=False)
        ]
