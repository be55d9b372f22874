"""A search cluster (OpenSearch or Elasticsearch) for companies whose articles outgrow the memory of a process.

It proposes candidates; what is shown is ranked by the same index as ever, made of those candidates alone, and read from the database with
the rights of whoever asks. PostgreSQL stays the truth: the cluster can be thrown away and filled again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import httpx
import structlog
from django.conf import settings

from .rules import Entry

_log = structlog.get_logger()
TIMEOUT = httpx.Timeout(1.5, connect=0.5)
CANDIDATES = 60
BATCH = 500
MAPPING: dict[str, Any] = {
    "mappings": {
        "dynamic": False,
        "properties": {
            "asked": {"type": "text", "analyzer": "cjk"}, "body": {"type": "text", "analyzer": "cjk"}, "audience": {"type": "keyword"},
            "unit": {"type": "long"}, "kind": {"type": "keyword"}, "categories": {"type": "keyword"}, "models": {"type": "keyword"},
        },
    }
}  # fmt: skip


class Document(NamedTuple):
    """An article as the cluster knows it."""

    key: int
    asked: tuple[str, ...]
    body: str
    audience: str
    unit: int
    kind: str
    categories: tuple[str, ...]
    models: tuple[str, ...]

    @property
    def entry(self) -> Entry:
        return Entry(self.key, self.asked, self.body)


class Unreachable(Exception):
    """The cluster did not answer, or not as expected."""


def is_set() -> bool:
    return bool(settings.SEARCH_URL)


def candidates(
    words: str,
    *,
    audiences: Sequence[str],
    units: Iterable[int] | None,
    kinds: Iterable[str] = (),
    category: str = "",
    model: str = "",
) -> list[Document]:
    """Ask for what may answer a question, the likeliest first. Raises `Unreachable`."""
    narrow: list[dict[str, Any]] = [{"terms": {"audience": list(audiences)}}]
    if units is not None:
        narrow.append({"terms": {"unit": sorted(units)}})
    if kinds := list(kinds):
        narrow.append({"terms": {"kind": kinds}})
    for field, value in (("categories", category), ("models", model.upper())):
        if value:
            none = {"bool": {"must_not": {"exists": {"field": field}}}}
            narrow.append({"bool": {"should": [{"term": {field: value}}, none], "minimum_should_match": 1}})
    query = {
        "size": CANDIDATES,
        "query": {
            "bool": {
                "filter": narrow,
                "must": {
                    "multi_match": {
                        "query": words[:200],
                        "fields": ["asked^4", "body"],
                        "type": "most_fields",
                    }
                },
            }
        },
    }
    answer = _send("POST", "/_search", json=query)
    try:
        return [_document(hit) for hit in answer["hits"]["hits"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Unreachable(f"an answer of another shape: {error}") from error


def fill(documents: Iterable[Document], gone: Iterable[int] = ()) -> int:
    """Put documents into the cluster and take those away that are gone; give how many lines were sent. Raises `Unreachable`."""
    try:
        _send("PUT", "", json=MAPPING)
    except Unreachable as error:
        if "resource_already_exists" not in str(error):
            raise
    lines: list[str] = []
    sent = 0
    for one in documents:
        lines += [json.dumps({"index": {"_id": str(one.key)}}), json.dumps(one._asdict(), ensure_ascii=False)]
        if len(lines) >= 2 * BATCH:
            sent += _bulk(lines)
            lines = []
    lines += [json.dumps({"delete": {"_id": str(key)}}) for key in gone]
    return sent + _bulk(lines)


def _bulk(lines: list[str]) -> int:
    if not lines:
        return 0
    answer = _send(
        "POST",
        "/_bulk?refresh=true",
        content="\n".join(lines) + "\n",
        headers={"Content-Type": "application/x-ndjson"},
    )
    failed = [item for one in answer.get("items", ()) for item in one.values() if item.get("error")]
    if failed:
        raise Unreachable(f"{len(failed)} lines refused: {json.dumps(failed[0]['error'])[:200]}")
    return len(lines)


def _document(hit: dict[str, Any]) -> Document:
    source = hit["_source"]
    return Document(
        int(hit["_id"]), tuple(source["asked"]), source["body"], source["audience"], int(source["unit"]), source["kind"],
        tuple(source["categories"]), tuple(source["models"]),
    )  # fmt: skip


def _send(method: str, path: str, **what: Any) -> Any:
    try:
        answer = httpx.request(
            method,
            f"{settings.SEARCH_URL}{path}",
            timeout=TIMEOUT if path == "/_search" else 30.0,
            trust_env=False,
            **what,
        )
        if answer.status_code >= 400:
            raise Unreachable(f"{answer.status_code}: {answer.text[:300]}")
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error
