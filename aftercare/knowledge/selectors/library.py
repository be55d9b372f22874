"""The index each process holds of what is published, made anew from the database when something changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import structlog
from django.db import connection
from django.db.models import Count, F, Sum

from aftercare.briefly import briefly, remembers
from aftercare.people.selectors import root_id
from aftercare.policies.selectors import policy_for

from .. import cluster
from ..cluster import Document
from ..models import Article, ArticleVersion, Wording
from ..rules import Index
from .seeking import LEVELS, Seeker

_log = structlog.get_logger()
# Articles that are indexed within the request that needs them; more are indexed beside it, by a thread.
AT_ONCE = 4000
Stamp = tuple[int, int, int]  # articles, changes to them, policy


def forget_library() -> None:
    """Make this process look whether its index is still true; others do within a second."""
    _stamp.forget()


def library() -> Library:
    """Give the index of this process; while a large one is made anew, the one before it."""
    return _keeper.ready()


def library_for(seeker: Seeker, words: str, kinds: frozenset[str], category: str, model: str) -> Library:
    """Give the index to search: this process's own, or, with a search cluster, one of what the cluster proposes.

    A cluster that does not answer is left aside for this question, which is logged.
    """
    if cluster.is_set():
        try:
            found = cluster.candidates(
                words,
                audiences=seeker.audiences,
                units=seeker.units,
                kinds=kinds,
                category=category,
                model=model,
            )
            return Library(found, (len(found), 0, 0), _same())
        except cluster.Unreachable as error:
            _log.warning("search_cluster_unreachable", problem=str(error)[:200])
    return library()


def library_size() -> tuple[int, int]:
    """Give how many entries the index of this process holds, and how many bytes its arrays take."""
    index = library().index
    return len(index), index.size


def documents(*, only: Collection[int] | None = None) -> list[Document]:
    """Give what is published, as it is searched: all of it, or those of the ids."""
    versions = ArticleVersion.objects.filter(article__state="published", number=F("article__shown")).order_by(
        "article_id"
    )
    wordings = Wording.objects.filter(article__state="published").order_by("-times", "id")
    if only is not None:
        versions, wordings = versions.filter(article_id__in=only), wordings.filter(article_id__in=only)
    said: dict[int, list[str]] = {}
    for article_id, text in wordings.values_list("article_id", "text"):
        said.setdefault(article_id, []).append(text)
    columns = (
        "title",
        "body",
        "fields",
        "article__audience",
        "article__unit_id",
        "article__kind",
        "article__categories",
        "article__product_models",
    )
    return [
        Document(
            pk, (title, *said.get(pk, ()), *([" ".join(models)] if models else ())), "\n".join([body, *fields.values()]), audience, unit_id,
            kind, tuple(categories), tuple(models),
        ) for pk, title, body, fields, audience, unit_id, kind, categories, models in versions.values_list("article_id", *columns)
    ]  # fmt: skip


class Library:
    """An index with what decides who may see an entry and whom it concerns, in the order of the index."""

    def __init__(self, found: Sequence[Document], stamp: Stamp, same: dict[str, str]) -> None:
        self.stamp = stamp
        self.index = Index([one.entry for one in found], same)
        self._level = np.array([LEVELS.index(one.audience) for one in found], dtype=np.int8)
        self._unit = np.array([one.unit for one in found], dtype=np.int64)
        self._kinds = [one.kind for one in found]
        self._categories = [frozenset(one.categories) for one in found]
        self._models = [frozenset(one.models) for one in found]

    def visible(self, seeker: Seeker, kinds: frozenset[str], category: str, model: str) -> Any:
        """Weigh every entry: 0 for what must not be found, more than 1 for what names the category or the model."""
        seen = (self._level <= seeker.level).astype(np.float64)
        if seeker.units is not None:
            seen *= np.isin(self._unit, list(seeker.units))
        if kinds:
            seen *= [kind in kinds for kind in self._kinds]
        if category or model:
            seen *= [
                (1.0 if not category or not cs else 1.2 if category in cs else 0.0)
                * (1.0 if not model or not ms else 1.3 if model.upper() in ms else 0.0)
                for cs, ms in zip(self._categories, self._models, strict=True)
            ]
        return seen


class _Keeper:
    """The library of this process. A small one is made anew at once when something changed, a large one beside the requests."""

    def __init__(self) -> None:
        self._library: Library | None = None
        self._lock = threading.Lock()
        self._making = False

    def ready(self) -> Library:
        stamp = _stamp("")
        library = self._library
        if library is not None and library.stamp == stamp:
            return library
        if library is None or stamp[0] <= AT_ONCE:
            with self._lock:
                library = self._library
                if library is None or library.stamp != stamp:
                    library = self._library = self._made(stamp)
            return library
        with self._lock:
            if not self._making:
                self._making = True
                threading.Thread(target=self._beside, args=(stamp,), daemon=True).start()
        return library

    def forget(self) -> None:
        self._library = None

    def _made(self, stamp: Stamp) -> Library:
        begun = time.perf_counter()
        made = Library(documents(), stamp, _same())
        _log.info("library_ready", entries=len(made.index), ms=round((time.perf_counter() - begun) * 1000))
        return made

    def _beside(self, stamp: Stamp) -> None:
        try:
            self._library = self._made(stamp)
        finally:
            self._making = False
            connection.close()


def _same() -> dict[str, str]:
    return policy_for(root_id()).pack.knowledge.said_as()


@briefly
def _stamp(_company: str) -> Stamp:
    """Tell whether anything changed: how many articles there are, how often they were changed, and the policy in force."""
    found = Article.objects.aggregate(count=Count("pk"), changes=Sum("revision"))
    root = root_id()
    return found["count"], found["changes"] or 0, policy_for(root).id if root else 0


_keeper = _Keeper()
remembers(_keeper)
