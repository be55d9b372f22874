"""Every fact of a case may start, stop or pause a clock; the pack says which."""

from __future__ import annotations

from datetime import datetime

from aftercare.ledger.models import Fact
from aftercare.ledger.services import on_facts

from .services import follow_facts


@on_facts("*")
def on_any_facts(facts: list[Fact], at: datetime) -> None:
    follow_facts(facts, at=at)
