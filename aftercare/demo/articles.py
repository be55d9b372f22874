"""What the made-up company has written down: questions and answers, cases, scripts, videos and guides."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path

from aftercare.knowledge.rules import FIELDS, Content
from aftercare.knowledge.services import Labels, publish_article, write_article
from aftercare.people.rules import MACHINE
from aftercare.policies.selectors import policy_for


def write_articles(pack: str, *, at: datetime) -> int:
    """Write and publish the articles that are for a pack; give how many."""
    known = set(policy_for().pack.forms.category_titles)
    count = 0
    for one in tomllib.loads((Path(__file__).parent / "articles.toml").read_text(encoding="utf-8"))[
        "articles"
    ]:
        categories = tuple(code for code in one.get("categories", ()) if code in known)
        if pack not in one.get("packs", [pack]) or len(categories) < len(one.get("categories", ())):
            continue
        fields = {name: one.get(name, "") for name in FIELDS[one["kind"]]}
        row = write_article(
            one["kind"], Content(one["title"], one.get("body", ""), fields), by=MACHINE, at=at,
            labels=Labels(one["audience"], categories), wordings=one.get("wordings", ()),
        )  # fmt: skip
        publish_article(row, by=MACHINE, at=at)
        count += 1
    return count
