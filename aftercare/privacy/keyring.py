"""The key ring: from AFTERCARE_KEYS, or a file outside the database that only its owner can read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

KEY_BYTES = 32


@dataclass(frozen=True)
class KeyRing:
    """Encryption keys by id (the first is used for writing), the key of blind indexes, and the site's secret."""

    keys: dict[str, bytes]
    index_key: bytes
    secret: str

    @property
    def current(self) -> str:
        return next(iter(self.keys))


def keys_file(home: Path) -> Path:
    return home / "keys.json"


def create_keys(home: Path) -> Path:
    """Write a new key ring unless there is one; the file is readable by its owner alone."""
    path = keys_file(home)
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        fresh = {
            "keys": {"k1": _encoded(secrets.token_bytes(KEY_BYTES))},
            "index": _encoded(secrets.token_bytes(KEY_BYTES)),
            "secret": secrets.token_urlsafe(48),
        }
        _write(path, fresh)
    return path


def add_key(home: Path) -> str:
    """Put a new key in front of the ring, so that all writing uses it from the next start; give its id."""
    path = keys_file(home)
    ring = json.loads(path.read_text())
    fresh = f"k{len(ring['keys']) + 1}"
    ring["keys"] = {fresh: _encoded(secrets.token_bytes(KEY_BYTES)), **ring["keys"]}
    _write(path, ring)
    load_keys.cache_clear()
    return fresh


@lru_cache(maxsize=1)
def load_keys() -> KeyRing:
    """Read the ring from AFTERCARE_KEYS (the same JSON), else from `keys.json` in AFTERCARE_HOME."""
    from django.conf import settings

    text = os.environ.get("AFTERCARE_KEYS") or keys_file(Path(settings.AFTERCARE_HOME)).read_text()
    ring = json.loads(text)
    keys = {name: base64.urlsafe_b64decode(value) for name, value in ring["keys"].items()}
    wrong = [name for name, value in keys.items() if len(value) != KEY_BYTES]
    if wrong or not keys:
        raise ValueError(
            f"AFTERCARE_KEYS: keys {wrong or 'missing'}: expected {KEY_BYTES} bytes in base64 each"
        )
    return KeyRing(keys, base64.urlsafe_b64decode(ring["index"]), ring["secret"])


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _write(path: Path, ring: Mapping[str, object]) -> None:
    partial = path.with_suffix(".part")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(ring, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
