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
    each,
    on_fact,
    on_facts,
    retry_parked,
)
from .facts import correct_fact, listen_live, record, record_many, record_rows, tell_live, void_fact
from .moving import move
from .numbering import next_number, next_numbers
from .sealing import broken_seal, seal_facts
from .together import Outcome, do_each

__all__ = [
    "Consumer",
    "Outcome",
    "backlog",
    "broken_seal",
    "catch_up_positions",
    "consumer_named",
    "consumers",
    "consumers_behind",
    "correct_fact",
    "deliver",
    "deliver_until_idle",
    "do_each",
    "each",
    "listen_live",
    "move",
    "next_number",
    "next_numbers",
    "on_fact",
    "on_facts",
    "record",
    "record_many",
    "record_rows",
    "retry_parked",
    "seal_facts",
    "tell_live",
    "void_fact",
]
