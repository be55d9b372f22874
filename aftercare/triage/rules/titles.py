"""What a field may be, and what each value is called."""

from __future__ import annotations

from aftercare.policies.rules import Pack, Text, term_of


def titles_of(pack: Pack, field: str) -> dict[str, Text]:
    """Give the values of a field of the pack, or the codes of a kind of note, with their titles."""
    match field:
        case "kind":
            return {kind.code: kind.title for kind in pack.forms.kinds}
        case "category":
            return dict(pack.forms.category_titles)
        case "emotion":
            return {emotion.code: emotion.title for emotion in pack.forms.emotions}
    found = dict(pack.triage.titles.get(field, {}))
    for group in pack.terms.groups.values():
        if group.sets == field:
            for code, line in group.terms.items():
                term = term_of(line)
                found.setdefault(code, Text(zh=term.zh, en=term.en))
        said = group.says.get(field)  # type: ignore[call-overload]
        if said:
            found.setdefault(said, group.title)
    return found
