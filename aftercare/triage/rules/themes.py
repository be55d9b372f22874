"""What a customer writes about in an answer to an open question: complaints, symptoms and praise, by the terms of the dictionary (M86)."""

from __future__ import annotations

from aftercare.policies.rules import Pack, Text, term_of

from .reading import Reading

PRAISES = "praises"  # the group of terms.toml that holds praise
KINDS = ("complaint", "symptom")


def themes_of(reading: Reading) -> list[str]:
    """Give the themes of a text as `complaint:rude`, `symptom:leak` or `praise:on_time`, each once, in the order they stand."""
    found: dict[str, None] = {}
    for hit in reading.hits:
        if hit.negated:
            continue
        if hit.entry.group == PRAISES:
            found[f"praise:{hit.entry.code}"] = None
        elif hit.entry.sets in KINDS:
            found[f"{hit.entry.sets}:{hit.entry.code}"] = None
    return list(found)


def theme_title(pack: Pack, theme: str) -> Text | None:
    """Give what a theme is called; nothing where the dictionary no longer knows it."""
    kind, _colon, code = theme.partition(":")
    for name, group in pack.terms.groups.items():
        if code in group.terms and (name == PRAISES if kind == "praise" else group.sets == kind):
            term = term_of(group.terms[code])
            return Text(zh=term.zh, en=term.en)
    return None
