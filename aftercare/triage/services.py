"""Train models on corrections, and put them in use or take them back (M25, M30)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from aftercare.ledger.services import move, record
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.policies.rules import READ
from aftercare.refusals import Conflict, Invalid

from .models import ReadingModel
from .rules import (
    NO,
    YES,
    Example,
    Guess,
    Pair,
    TooFewExamples,
    TooFewPairs,
    Trained,
    UnreadableModel,
    agreement,
    dump_model,
    dump_pairs,
    guess_of,
    load_model,
    load_pairs,
    train,
    train_pairs,
)
from .selectors import forget_models

HELD_OUT = 5  # every fifth correction is kept from training, to compare on
FEWEST = 40
SAME = "same"  # the field under which pairs are compared
Reads = Callable[[str], dict[str, Guess]]
Compares = Callable[[str, str], float]


def no_likeness(_one: str, _other: str) -> float:
    return 0.0


def train_model(
    examples: Sequence[Example],
    *,
    before: Reads,
    sure: float,
    by: Actor,
    at: datetime,
    pairs: Sequence[Pair] = (),
    pairs_before: Compares = no_likeness,
) -> ReadingModel:
    """Train a model on corrections, the oldest first, and compare it with what read `before` on those it has not seen.

    Where there are enough `pairs` that people called the same matter or not, it learns to tell these, too, and is compared with what
    compared texts before. It is kept as a candidate; `use_model` puts it in use. Refuses too few corrections, and a server without scikit-learn.
    """
    require(by, "train_triage")
    if len(examples) < FEWEST:
        raise Invalid(
            _("too few corrections to learn from"), where="corrections",
            expected=_("at least %(least)s, not %(count)s") % {"least": FEWEST, "count": len(examples)},
        )  # fmt: skip
    held_out = list(examples[HELD_OUT - 1 :: HELD_OUT])
    seen = [example for place, example in enumerate(examples, 1) if place % HELD_OUT]
    tried = _trained(seen, sure)
    compared = {
        name: {
            "new": _measured(held_out, name, tried.model.read, sure),
            "before": _measured(held_out, name, before, sure),
        }
        for name in tried.held_out
    }
    body = dump_model(_trained(examples, sure).model)
    paired = _paired(pairs, pairs_before, sure, compared)
    with transaction.atomic():
        _one_at_a_time()
        row = ReadingModel.objects.create(
            number=_next_number(), body=body, digest=hashlib.sha256(body).hexdigest(), pairs=paired,
            pairs_digest=hashlib.sha256(paired).hexdigest() if paired else "", trained_at=at, trained_by=by.name, trained_on=len(examples), fields=compared, shares=_shares(examples), state_since=at,
        )  # fmt: skip
        record(
            "reading_model.trained",
            row,
            by=by,
            at=at,
            values={
                "examples": len(examples),
                "bytes": len(body) + len(paired),
                "pairs": len(pairs) if paired else 0,
            },
        )
    return row


def use_model(row: ReadingModel, *, by: Actor, at: datetime, because: str = "") -> None:
    """Put a model in use; the one before it is retired. Refuses a model that can't be read."""
    require(by, "train_triage")
    body, pairs = ReadingModel.objects.values_list("body", "pairs").get(pk=row.pk)
    try:
        load_model(bytes(body), digest=row.digest)
        if row.pairs_digest:
            load_pairs(bytes(pairs), digest=row.pairs_digest)
    except UnreadableModel as error:
        raise Conflict(
            _("the model can't be read: %(problem)s") % {"problem": error}, code="unreadable_model"
        ) from error
    with transaction.atomic():
        _one_at_a_time()
        for other in (
            ReadingModel.objects.select_for_update()
            .defer("body", "pairs")
            .filter(state="active")
            .exclude(pk=row.pk)
        ):
            move(other, "retired", by=by, at=at, fact="reading_model.retired", values={"for": row.number})
        move(row, "active", by=by, at=at, because=because.strip(), fact="reading_model.used")
        transaction.on_commit(forget_models)


def take_back_model(row: ReadingModel, *, by: Actor, at: datetime, because: str) -> None:
    """Take a model out of use; until another is put in use, the dictionary reads alone."""
    require(by, "train_triage")
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    with transaction.atomic():
        move(row, "retired", by=by, at=at, because=because.strip(), fact="reading_model.taken_back")
        transaction.on_commit(forget_models)


def _trained(examples: Sequence[Example], sure: float) -> Trained:
    try:
        return train(examples, READ, sure=sure)
    except TooFewExamples as error:
        raise Invalid(
            _("too few corrections to learn from"), where="corrections", expected=str(error)
        ) from error
    except ImportError as error:
        raise Conflict(
            _("training needs scikit-learn on this server: pip install aftercare[learning]"),
            code="not_installed",
        ) from error


def _paired(
    pairs: Sequence[Pair], before: Compares, sure: float, compared: dict[str, dict[str, dict[str, float]]]
) -> bytes:
    """Learn from pairs and note how that compares; give nothing where there are too few, in all or to compare on."""
    held_out = list(pairs[HELD_OUT - 1 :: HELD_OUT])
    seen = [pair for place, pair in enumerate(pairs, 1) if place % HELD_OUT]
    try:
        tried = train_pairs(seen, sure=sure).model
        whole = train_pairs(pairs, sure=sure).model
    except TooFewPairs:
        return b""
    truth = [YES if pair.same else NO for pair in held_out]
    compared[SAME] = {
        "new": agreement([tried.guess(p.one, p.other) for p in held_out], truth, sure=sure),
        "before": agreement([guess_of(before(p.one, p.other)) for p in held_out], truth, sure=sure),
    }
    return dump_pairs(whole)


def _measured(examples: Iterable[Example], name: str, read: Reads, sure: float) -> dict[str, float]:
    known = [example for example in examples if example.labels.get(name)]
    nothing = Guess((("", 0.0),))
    return agreement(
        [read(one.text).get(name, nothing) for one in known], [one.labels[name] for one in known], sure=sure
    )


def _shares(examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    counted: dict[str, Counter[str]] = {}
    for example in examples:
        for name, value in example.labels.items():
            counted.setdefault(name, Counter())[value] += 1
    return {
        name: {value: round(n / sum(c.values()), 4) for value, n in c.items()} for name, c in counted.items()
    }


def _one_at_a_time() -> None:
    """Have two who train, or put models in use, at once go one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE triage_readingmodel IN SHARE ROW EXCLUSIVE MODE")


def _next_number() -> int:
    last: Any = ReadingModel.objects.aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1
