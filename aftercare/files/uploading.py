"""Files that arrive in pieces over a network that breaks: each piece is kept, the next try goes on after the last."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from aftercare.refusals import Conflict, Invalid, NotFound

from .models import Upload, UploadPiece
from .services import LIMITS

PIECE = 512 * 1024
OPEN_A_PERSON = 100
KEPT_FOR = timedelta(days=7)


def take_piece(upload_id: UUID, owner: int, *, size: int, starts: int, content: bytes, at: datetime) -> int:
    """Keep one piece; give how many bytes are here now, which is where the next piece has to start.

    A piece that does not start there changes nothing: the sender reads the answer and goes on from it. Refused are
    files above the limit of a picture, pieces above 512 KiB, and more than a hundred open uploads of one person.
    """
    if not 0 < size <= LIMITS["image"]:
        raise Invalid(
            _("the file is too large"),
            where="size",
            expected=_("at most %(mb)d MB") % {"mb": LIMITS["image"] // 2**20},
        )
    if len(content) > PIECE:
        raise Invalid(
            _("the piece is too large"), where="content", expected=_("at most %(n)d bytes") % {"n": PIECE}
        )
    with transaction.atomic():
        upload = _locked(upload_id, owner, size, at)
        if starts != upload.received or not content:
            return upload.received
        if starts + len(content) > upload.size:
            raise Invalid(_("this is more than was announced"), where="content", expected=str(upload.size))
        UploadPiece.objects.create(upload=upload, starts=starts, content=content)
        upload.received += len(content)
        upload.save(update_fields=["received"])
    return upload.received


def uploaded(upload_id: UUID, owner: int) -> bytes:
    """Give the whole content of an upload; refused while something of it is missing."""
    upload = Upload.objects.filter(pk=upload_id, owner=owner).first()
    if upload is None:
        raise NotFound(_("this file was not sent"))
    if upload.received != upload.size:
        raise Conflict(
            _("the file is not here yet"), where="upload", expected=f"{upload.received}/{upload.size}"
        )
    return b"".join(
        bytes(piece) for piece in upload.pieces.order_by("starts").values_list("content", flat=True)
    )


def forget_upload(upload_id: UUID, owner: int) -> None:
    """Drop the pieces, once the file is kept elsewhere."""
    Upload.objects.filter(pk=upload_id, owner=owner).delete()


def forget_old_uploads(*, at: datetime) -> int:
    """Drop uploads that nobody finished within a week; give how many."""
    old = Upload.objects.filter(begun_at__lt=at - KEPT_FOR)
    return old.delete()[1].get("files.Upload", 0)


def _locked(upload_id: UUID, owner: int, size: int, at: datetime) -> Upload:
    upload = Upload.objects.select_for_update().filter(pk=upload_id).first()
    if upload is None:
        if Upload.objects.filter(owner=owner).count() >= OPEN_A_PERSON:
            raise Conflict(_("too many files are on their way"), where="upload", code="too_many_uploads")
        upload, _made = Upload.objects.select_for_update().get_or_create(
            pk=upload_id, defaults={"owner": owner, "size": size, "begun_at": at}
        )
    if upload.owner != owner:
        raise NotFound(_("this file was not sent"))
    if upload.size != size:
        raise Conflict(
            _("this file was announced with another size"), where="size", expected=str(upload.size)
        )
    return upload
