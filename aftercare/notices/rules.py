"""Where a webhook may go."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def is_public(addresses: Iterable[str]) -> bool:
    """Say whether every address a name resolved to is a public one (A13)."""
    found = [ipaddress.ip_address(address) for address in addresses]
    return bool(found) and all(address.is_global and not address.is_multicast for address in found)


def wants(events: Iterable[str], name: str) -> bool:
    """Say whether a subscription (`work_order.completed`, `work_order.*`, `*`) covers a fact."""
    return any(
        event in ("*", name) or (event.endswith(".*") and name.startswith(event[:-1])) for event in events
    )
