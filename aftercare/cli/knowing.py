"""The verbs of knowledge: find an answer, take in a file, say how large the index is."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from .starting import installation, now, say


def knowledge(options: argparse.Namespace) -> int:
    """Find an answer, or take in a file of questions and answers."""
    with installation():
        from aftercare.knowledge.rules import entries_of
        from aftercare.knowledge.selectors import answers_for, library_size, seeker_of
        from aftercare.knowledge.services import Labels, import_articles
        from aftercare.people.rules import MACHINE

        match options.what:
            case "find":
                for one in answers_for(seeker_of(MACHINE), options.words):
                    sign = "=" if one.sure else "~"
                    said = "".join(f"[{text}]" if hit else text for text, hit in one.pieces)
                    say(f"{sign} {one.number}  {one.covers:>4.0%}  {said}")
                    if one.wording:
                        say(
                            "       asked as: "
                            + "".join(f"[{text}]" if hit else text for text, hit in one.wording)
                        )
            case "import":
                path = Path(options.file)
                entries = entries_of(path.name, path.read_bytes())
                outcome = import_articles(
                    entries, by=MACHINE, at=now(), labels=Labels(options.audience), publish=options.publish
                )
                say(f"{outcome.made} new, {outcome.known} known already, {len(outcome.refused)} refused")
                for where, title, problems in outcome.refused:
                    say(f"  {where}: {title}: " + "; ".join(f"{p.what} ({p.expected})" for p in problems))
                return 1 if outcome.refused else 0
            case _:
                begun = time.perf_counter()
                count, size = library_size()
                say(
                    f"{count} articles, {size / 1e6:.1f} MB, made ready in {time.perf_counter() - begun:.2f} s"
                )
    return 0
