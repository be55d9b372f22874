"""Find the reader in force, and the models there are."""

from __future__ import annotations

import structlog
from django.db.models import QuerySet

from aftercare.briefly import briefly, remembers
from aftercare.people.rules import Actor
from aftercare.people.services import require
from aftercare.policies.selectors import Policy
from aftercare.refusals import NotFound

from .models import ReadingModel
from .rules import LinearModel, PairModel, Reader, UnreadableModel, load_model, load_pairs

_log = structlog.get_logger()
_KEPT = 16


def reader_for(policy: Policy) -> Reader:
    """Give the reader of a policy with the model in use. A model that can't be read is left out, which is logged and shown."""
    number, digest = _in_use("")
    known = _made.readers.get((policy.id, digest))
    if known is None:
        if len(_made.readers) >= _KEPT:
            _made.readers.clear()
        known = Reader(policy.pack, _model(number, digest), number=number)
        _made.readers[policy.id, digest] = known
    return known


def model_in_use() -> tuple[int, str]:
    """Give the number of the model in use (0: none) and what is wrong with it, if anything is."""
    number, digest = _in_use("")
    _model(number, digest)
    return number, _made.problems.get(digest, "")


def pairs_in_use() -> PairModel | None:
    """Give the model that tells whether two texts speak of the same matter; None where none was learned, or it can't be read."""
    number, digest = _in_use("")
    if number and digest not in _made.pairs:
        body, known = ReadingModel.objects.values_list("pairs", "pairs_digest").get(number=number)
        try:
            _made.pairs = {digest: load_pairs(bytes(body), digest=known) if known else None}
        except UnreadableModel as error:
            _log.error("pair_model_unusable", number=number, problem=str(error))
            _made.pairs = {digest: None}
    return _made.pairs.get(digest)


def models_for(actor: Actor) -> QuerySet[ReadingModel]:
    """Give all models without their files, the newest first."""
    require(actor, "read_triage")
    return ReadingModel.objects.defer("body", "pairs").order_by("-number")


def model_for(actor: Actor, number: int) -> ReadingModel:
    found = models_for(actor).filter(number=number).first()
    if found is None:
        raise NotFound()
    return found


def forget_models() -> None:
    """Make this process look up the model in use anew; others do within a second."""
    _in_use.forget()


@briefly
def _in_use(_company: str) -> tuple[int, str]:
    return ReadingModel.objects.filter(state="active").values_list("number", "digest").first() or (0, "")


def _model(number: int, digest: str) -> LinearModel | None:
    """Give a model by its checksum, loaded once a process."""
    if number and digest not in _made.models and digest not in _made.problems:
        try:
            body = bytes(ReadingModel.objects.values_list("body", flat=True).get(number=number))
            _made.models = {digest: load_model(body, digest=digest)}
        except UnreadableModel as error:
            _log.error("reading_model_unusable", number=number, problem=str(error))
            _made.problems[digest] = str(error)
    return _made.models.get(digest)


class _Made:
    """Readers and models made ready, which take a moment to make."""

    def __init__(self) -> None:
        self.readers: dict[tuple[int, str], Reader] = {}
        self.models: dict[str, LinearModel] = {}
        self.pairs: dict[str, PairModel | None] = {}
        self.problems: dict[str, str] = {}

    def forget(self) -> None:
        self.__init__()  # type: ignore[misc]


_made = _Made()
remembers(_made)
