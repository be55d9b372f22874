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


class Upload(models.Model):
    """A file that arrives in pieces, named by whoever sends it, so that a broken transfer goes on where it broke."""

    id = models.UUIDField(primary_key=True)
    owner = models.BigIntegerField()
    size = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["begun_at"], name="upload_by_age")]


class UploadPiece(models.Model):
    """A run of bytes of an upload."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="pieces")
    starts = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "starts"], name="one_piece_a_place")]
