"""Folders that take long to make and are alike for many tests: made once, and copied for each."""

from __future__ import annotations

import fcntl
import hashlib
import math
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
MIGRATIONS = (  # what an empty database follows from
    *sorted(ROOT.glob("aftercare/*/migrations/*.py")),
    ROOT / "aftercare" / "config" / "embedded.py",
    ROOT / "requirements" / "run.lock",
)


def copy_kept(
    name: str, to: Path, make: Callable[[Path], None], *, files: Iterable[Path], minutes: float = math.inf
) -> None:
    """Copy a folder that `make` fills; it is made anew when one of `files` has changed or it is older than some minutes.

    Test processes, and runs beside each other, wait for the one that makes it.
    """
    kept = Path(tempfile.gettempdir()) / f"aftercare-{name}-{os.getuid()}"
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    note = Path(f"{kept}.made")
    with open(f"{kept}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = kept.exists() and note.exists() and note.read_text() == mark
        if not known or time.time() - note.stat().st_mtime > minutes * 60:
            shutil.rmtree(kept, ignore_errors=True)
            made = Path(tempfile.mkdtemp(prefix=f"aftercare-{name}-"))
            make(made)
            made.rename(kept)
            note.write_text(mark)
        subprocess.run(["cp", "-a", f"{kept}/.", to], check=True)
