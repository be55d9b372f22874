"""Take files in safely and hand them out safely."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from aftercare.refusals import Invalid

from .models import StoredFile

LIMITS = {"image": 12 * 2**20, "video": 60 * 2**20, "audio": 12 * 2**20}
MAX_PIXELS = 60_000_000
_MAGIC = [
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"WEBP", 8, "image/webp"),
    (b"ftyp", 4, "video/mp4"),
    (b"\x1aE\xdf\xa3", 0, "video/webm"),
    (b"ID3", 0, "audio/mpeg"),
    (b"\xff\xfb", 0, "audio/mpeg"),
    (b"OggS", 0, "audio/ogg"),
    (b"#!AMR", 0, "audio/amr"),
    (b"WAVE", 8, "audio/wav"),
]
Place = tuple[float, float]  # latitude and longitude, WGS-84
_EXPECTED = "JPEG, PNG, WebP, MP4, WebM, MP3, Ogg, AMR, WAV"


def sniff(head: bytes) -> str:
    """Tell a file's type from its first bytes; empty when it is none that is taken."""
    return next((kind for magic, start, kind in _MAGIC if head[start : start + len(magic)] == magic), "")


def store_file(
    content: bytes,
    *,
    name: str = "",
    where: str = "file",
    taken_at: datetime | None = None,
    place: Place | None = None,
) -> StoredFile:
    """Store one file by its hash. Refuses empty, too large, unknown or broken ones, saying which and what is taken.

    Images are decoded and written anew, which drops EXIF data (the place of taking among it) and anything appended.
    """
    if not content:
        raise Invalid(_("the file is empty"), where=where, expected=_EXPECTED)
    kind = sniff(content[:16])
    if not kind:
        raise Invalid(_("this type of file is not taken"), where=where, expected=_EXPECTED)
    limit = LIMITS[kind.split("/")[0]]
    if len(content) > limit:
        raise Invalid(
            _("the file is too large"), where=where, expected=_("at most %(mb)d MB") % {"mb": limit // 2**20}
        )
    if kind.startswith("image/"):
        content = _clean_image(content, kind, where)
    digest = hashlib.sha256(content).hexdigest()
    _write(digest, content)
    return StoredFile.objects.create(
        sha256=digest, kind=kind, size=len(content), name=_safe_name(name), taken_at=taken_at,
        lat=place[0] if place else None, lon=place[1] if place else None,
    )  # fmt: skip


def store_signature(data_url: str, *, where: str = "signature") -> StoredFile:
    """Store a signature drawn on the glass, sent as a PNG data URL."""
    head, _comma, body = data_url.partition(",")
    if not head.startswith("data:image/png;base64") or not body:
        raise Invalid(_("there is no signature"), where=where, expected="data:image/png;base64,…")
    try:
        content = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise Invalid(_("the signature can't be read"), where=where, expected="PNG") from error
    return store_file(content, name="signature.png", where=where)


def file_content(file: StoredFile) -> bytes:
    return _path(file.sha256).read_bytes()


def _clean_image(content: bytes, kind: str, where: str) -> bytes:
    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Invalid(_("the picture is too large"), where=where, expected=_("at most 60 megapixels"))
            image.load()
            upright = ImageOps.exif_transpose(image) or image
            out = io.BytesIO()
            if kind == "image/jpeg":
                upright.convert("RGB").save(out, "JPEG", quality=85, optimize=True)
            else:
                upright.save(out, kind.split("/")[1].upper())
            return out.getvalue()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Invalid(_("the picture can't be read"), where=where, expected=_EXPECTED) from error


def _safe_name(name: str) -> str:
    return "".join(c for c in Path(name).name if c.isprintable() and c not in '<>:"/\\|?*')[:120]


def _path(digest: str) -> Path:
    return Path(settings.AFTERCARE_HOME) / "files" / digest[:2] / digest


def _write(digest: str, content: bytes) -> None:
    path = _path(digest)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.part")
    with partial.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
