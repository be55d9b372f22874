"""The field that keeps personal data: text in Python, AES-256-GCM in the database."""

from __future__ import annotations

from typing import Any

from django.db import models

from .ciphers import decrypt, encrypt


class EncryptedText(models.Field):  # type: ignore[type-arg]
    """Text that is encrypted at rest; it can't be filtered or sorted, only found through a blind index."""

    empty_values = [None, ""]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["default"] = ""
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str:
        return "bytea"

    def get_internal_type(self) -> str:
        return "BinaryField"

    def from_db_value(self, value: bytes | None, expression: Any, connection: Any) -> str:
        return decrypt(value) if value else ""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            return encrypt(value) if value else b""
        return value

    def get_lookup(self, lookup_name: str) -> None:
        """Refuse every lookup: equal texts have different ciphertexts."""

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("default", None)
        return name, path, args, kwargs
