"""Requests by the words in which they were described: the newest are looked through, older ones come from an index of pairs."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, Q, TextField

from aftercare.people.rules import Actor

from ..models import Request
from .cases import requests_for

NEWEST = 2000  # requests that are looked through one by one: what is said often is among them
PAIR = 2  # characters: the shortest word of Chinese that says anything


def requests_with_words(actor: Actor, text: str, *, limit: int) -> list[Request]:
    """Give the newest requests this reader may see whose description has every word of `text`, at most `limit`.

    Words are parted by spaces and may stand anywhere, also within longer ones; capitals do not matter. At least one word
    of two characters is needed, else nothing is found.
    """
    words = text.split()
    pairs = sorted({pair for word in words for pair in pairs_of(word)})
    if not pairs:
        return []
    said = Q()
    for word in words:
        said &= Q(description__icontains=word)
    seen = requests_for(actor)
    found = list(seen.filter(said, pk__in=seen.values("pk")[:NEWEST])[:limit])
    if len(found) == limit or not seen.values("pk")[NEWEST : NEWEST + 1]:
        return found
    by_pair = Func(F("description"), function="pairs_of", output_field=ArrayField(TextField()))
    wanted: Any = pairs  # of a function's array the type is not known
    return list(seen.alias(pairs=by_pair).filter(said, pairs__contains=wanted)[:limit])


def pairs_of(word: str) -> list[str]:
    """Give the neighbouring characters of a word two by two, Latin ones small: as the database's function of this name does."""
    small = "".join(char.lower() if char.isascii() else char for char in word)
    return [small[n : n + PAIR] for n in range(len(small) - PAIR + 1)]
