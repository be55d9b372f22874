"""Static files compressed once, beside what they are made from, so that a cheap phone on 3G gets a tenth of them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from whitenoise.compress import Compressor

FOLDER = Path(__file__).resolve().parent.parent / "pages" / "static"
KINDS = (".css", ".js", ".svg", ".webmanifest")
ROUNDED = 0.001  # seconds that are lost when the time of a file is copied
SMALL = 1024  # bytes that are not worth it


def compress_statics(folder: Path = FOLDER) -> int:
    """Compress what has changed since it was compressed last; give how many files. Where nothing can be written, nothing is."""
    compressor, done = Compressor(use_gzip=True, use_brotli=False, quiet=True), 0
    with contextlib.suppress(PermissionError):
        for path in folder.rglob("*"):
            made = path.with_name(f"{path.name}.gz")
            if path.suffix not in KINDS or path.stat().st_size < SMALL:
                continue
            if not made.exists() or made.stat().st_mtime + ROUNDED < path.stat().st_mtime:
                made.unlink(missing_ok=True)
                compressor.compress(str(path))
                done += 1
        for made in folder.rglob("*.gz"):
            if not made.with_suffix("").exists():
                made.unlink()
    return done
