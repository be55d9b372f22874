"""Encrypt, decrypt, index, and re-encrypt with a new key."""

from __future__ import annotations

from django.apps import apps
from django.db import connection, transaction

from .ciphers import blind_index, decrypt, encrypt
from .keyring import load_keys
from .models import EncryptedText

__all__ = ["blind_index", "decrypt", "encrypt", "reencrypt_all"]


def reencrypt_all(*, batch: int = 500) -> int:
    """Write every personal field that an older key wrote again with the current key; give how many rows changed."""
    changed = 0
    for model in apps.get_models():
        fields = [f.attname for f in model._meta.concrete_fields if isinstance(f, EncryptedText)]
        if fields:
            changed += _reencrypt(model, fields, batch)
    return changed


def _reencrypt(model: type, fields: list[str], batch: int) -> int:
    prefix = load_keys().current.encode() + b"\0"
    table, changed, last = model._meta.db_table, 0, None  # type: ignore[attr-defined]
    old = " OR ".join(
        f'(length("{f}") > 0 AND substring("{f}" from 1 for {len(prefix)}) <> %s)' for f in fields
    )
    columns = ", ".join(f'"{f}"' for f in fields)
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            beyond = "" if last is None else "id > %s AND"
            cursor.execute(
                f'SELECT id, {columns} FROM "{table}" WHERE {beyond} ({old}) ORDER BY id LIMIT %s FOR UPDATE',  # noqa: S608
                [*([] if last is None else [last]), *[prefix] * len(fields), batch],
            )
            rows = cursor.fetchall()
            for row in rows:
                fresh = [encrypt(decrypt(bytes(v))) if v else v for v in row[1:]]
                sets = ", ".join(f'"{f}" = %s' for f in fields)
                cursor.execute(f'UPDATE "{table}" SET {sets} WHERE id = %s', [*fresh, row[0]])  # noqa: S608
        if not rows:
            return changed
        changed, last = changed + len(rows), rows[-1][0]
