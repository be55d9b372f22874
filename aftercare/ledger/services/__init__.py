"""What the ledger does for the domains above it."""

from .delivery import (
    Consumer,
    backlog,
    catch_up_positions,
    consumer_named,
    consumers,
    consumers_behind,
    deliver,
    deliver_until_idle,
    on_fact,
    retry_parked,
)
from .facts import record
from .moving import move
from .numbering import next_number
from .sealing import broken_seal, seal_facts

__all__ = [
    "Consumer",
    "backlog",
    "broken_seal",
    "catch_up_positions",
    "consumer_named",
    "consumers",
    "consumers_behind",
    "deliver",
    "deliver_until_idle",
    "move",
    "next_number",
    "on_fact",
    "record",
    "retry_parked",
    "seal_facts",
]
