"""Rows of the workspace: of one person, or of a unit and all below it."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

OF_SOMEBODY = models.Q(staff__isnull=False, unit=None) | models.Q(staff=None, unit__isnull=False)


class SavedView(models.Model):
    """A list narrowed and shown in a way that somebody, or a team, looks at again and again."""

    place = models.CharField(max_length=12)
    name = models.CharField(max_length=24)
    staff = models.ForeignKey("people.Staff", on_delete=models.CASCADE, null=True, related_name="+")
    unit = models.ForeignKey("people.Unit", on_delete=models.CASCADE, null=True, related_name="+")
    filters = models.JSONField(default=dict)
    columns = ArrayField(models.CharField(max_length=16))
    colour = models.CharField(max_length=8, blank=True)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=OF_SOMEBODY, name="view_of_a_person_or_a_unit"),
            models.UniqueConstraint(fields=["staff", "place", "name"], name="one_view_a_name"),
            models.UniqueConstraint(fields=["unit", "place", "name"], name="one_team_view_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class CannedText(models.Model):
    """A text that is written again and again, with holes for what differs; `said_as` is the voice it is meant for.

    `acts`: what using it does besides (rules.ACTS); a text that acts is a macro.
    """

    title = models.CharField(max_length=30)
    text = models.TextField()
    said_as = models.CharField(max_length=10, blank=True)
    acts = ArrayField(models.CharField(max_length=10), default=list)
    staff = models.ForeignKey("people.Staff", on_delete=models.CASCADE, null=True, related_name="+")
    unit = models.ForeignKey("people.Unit", on_delete=models.CASCADE, null=True, related_name="+")
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=OF_SOMEBODY, name="text_of_a_person_or_a_unit"),
            models.UniqueConstraint(fields=["staff", "title"], name="one_text_a_title"),
            models.UniqueConstraint(fields=["unit", "title"], name="one_team_text_a_title"),
        ]

    def __str__(self) -> str:
        return self.title

    def as_values(self) -> dict[str, Any]:
        return {"title": self.title, "text": self.text, "said_as": self.said_as}
