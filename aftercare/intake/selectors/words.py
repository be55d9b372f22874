"""Requests by the words in which they were described: the newest are looked through, older ones come from an index of pairs."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import F, Func, Q, TextField

from aftercare.people.rules import Actor

from ..models import Request
from .cases import requests_for

NEWEST = 2000  # requests that are looked through one by one: what is said often is among them
COMMON = 20_000  # requests with the rarest pair of the words from which on an index saves nothing: so many are looked through instead
PAIR = 2  # characters: the shortest word of Chinese that says anything


def requests_with_words(actor: Actor, text: str, *, limit: int) -> list[Request]:
    """Give the newest requests this reader may see whose description has every word of `text`, at most `limit`.

    Words are parted by spaces and may stand anywhere, also within longer ones; capitals do not matter. At least one word
    of two characters is needed, else nothing is found. Words that a great many requests have, and none of the newest
    `COMMON` of this reader, are not found.
    """
    words = text.split()
    pairs = sorted({pair for word in words for pair in pairs_of(word)})
    if not pairs:
        return []
    said = Q()
    for word in words:
        said &= Q(description__icontains=word)
    seen = requests_for(actor)

    def among_newest(count: int) -> list[Request]:
        return list(seen.filter(said, pk__in=seen.values("pk")[:count])[:limit])

    found = among_newest(NEWEST)
    if len(found) == limit or not seen.values("pk")[NEWEST : NEWEST + 1]:
        return found
    if _requests_with_rarest(pairs) > COMMON:
        return among_newest(COMMON)
    by_pair = Func(F("description"), function="pairs_of", output_field=ArrayField(TextField()))
    wanted: Any = pairs  # of a function's array the type is not known
    return list(seen.alias(pairs=by_pair).filter(said, pairs__contains=wanted)[:limit])


def pairs_of(word: str) -> list[str]:
    """Give the neighbouring characters of a word two by two, Latin ones small: as the database's function of this name does."""
    small = "".join(char.lower() if char.isascii() else char for char in word)
    return [small[n : n + PAIR] for n in range(len(small) - PAIR + 1)]


def _requests_with_rarest(pairs: list[str]) -> float:
    """Estimate how many requests have the rarest of these pairs, by what the database counted last; unknown ones count as none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT reltuples FROM pg_class WHERE oid = %(table)s::regclass) * coalesce(min(coalesce(often, 0)), 0) "
            "FROM unnest(%(pairs)s::text[]) AS wanted(pair) LEFT JOIN ("
            "SELECT unnest(most_common_elems::text::text[]) AS pair, unnest(most_common_elem_freqs) AS often "
            "FROM pg_stats WHERE schemaname = current_schema() AND tablename = %(index)s) AS counted USING (pair)",
            {"pairs": pairs, "table": Request._meta.db_table, "index": "request_by_pairs"},
        )
        return float(cursor.fetchone()[0])
