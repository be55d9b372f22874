"""One row a stored file."""

from django.db import models
from django.db.models.functions import Now


class StoredFile(models.Model):
    """A file on disk, named by the SHA-256 of its content."""

    sha256 = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    name = models.CharField(max_length=120, blank=True)
    taken_at = models.DateTimeField(null=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    stored_at = models.DateTimeField(db_default=Now())
    unit_id: int | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.sha256[:12]}"
