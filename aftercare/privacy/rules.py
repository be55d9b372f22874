"""Normal forms and masks of personal data (checklist M8: 张*, middle four digits hidden)."""

from __future__ import annotations

import re
import unicodedata

_DOOR = re.compile(r"(\d+(?:号楼|栋|幢|座|单元|室|房|层|楼|#)|[A-Za-z]?\d{2,5}室?$)")


def normal_phone(text: str) -> str:
    """Reduce a phone number to its digits, without the country code 86."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


def normal_text(text: str) -> str:
    """Fold width, case and spaces, so that equal names compare equal."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def masked_name(name: str) -> str:
    """Show the first character of a name: 张伟 → 张*."""
    name = name.strip()
    return f"{name[0]}*" if name else ""


def masked_phone(phone: str) -> str:
    """Hide the middle of a phone number: 13812345678 → 138****5678."""
    digits = normal_phone(phone)
    if len(digits) < 7:
        return "*" * len(digits)
    return f"{digits[:3]}****{digits[-4:]}"


def masked_email(email: str) -> str:
    name, _, host = email.partition("@")
    return f"{name[:1]}***@{host}" if host else "***"


def masked_address(address: str) -> str:
    """Hide everything from the house or door number on: 南屿市澄湖区槐荫街18号302室 → 南屿市澄湖区槐荫街***."""
    found = re.search(r"\d", address)
    return f"{address[: found.start()]}***" if found else address


def masked_serial(serial: str) -> str:
    return f"{serial[:-4]}****" if len(serial) > 6 else serial
