"""Write, publish, look at again and withdraw articles (M93–M95)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from aftercare.ledger.services import move, next_number, record
from aftercare.people.rules import Actor
from aftercare.people.selectors import root_unit, zone_of
from aftercare.people.services import require
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Invalid, Problem

from ..models import Article, ArticleVersion, Wording
from ..rules import Content, cleaned, problems_of
from ..rules.content import MOST_LABELS
from ..selectors import forget_library
from ..states import Audience

MOST_WORDINGS = 200


@dataclass(frozen=True)
class Labels:
    """Whom an article concerns and who reads it. `unit_id` None: the writer's own; `file_id` a stored video."""

    audience: str = "desk"
    categories: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    unit_id: int | None = None
    file_id: int | None = None


def write_article(
    kind: str, content: Content, *, by: Actor, at: datetime, labels: Labels = Labels(), wordings: Iterable[str] = (),
    drafted_from: int | None = None,
) -> Article:  # fmt: skip
    """Write a draft. Refuses an unknown kind, what a kind needs and is missing, and an unknown audience."""
    unit_id = unit_of(labels, by)
    require(by, "write_knowledge", unit_id=unit_id, reach=labels.unit_id is not None)
    content = cleaned(content, kind)
    _refuse(problems_of(content, kind, has_file=labels.file_id is not None) + problems_of_labels(labels))
    with transaction.atomic():
        row = Article.objects.create(
            number=next_number("KB", at=at, zone=zone_of(unit_id)), kind=kind, title=content.title, unit_id=unit_id,
            audience=labels.audience, owner_id=by.id if by.kind == "staff" else None, categories=list(labels.categories),
            product_models=[model.upper() for model in labels.models], file_id=labels.file_id, drafted_from=drafted_from,
            changed_at=at, state_since=at,
        )  # fmt: skip
        _keep_version(row, content, by=by, at=at)
        Wording.objects.bulk_create(
            Wording(article=row, text=text, at=at, by=by.name)
            for text in wordings_of(wordings, content.title)
        )
        record("article.written", row, by=by, at=at, values={"version": 1})
    return row


def revise_article(
    row: Article,
    content: Content,
    *,
    based_on: int,
    by: Actor,
    at: datetime,
    because: str = "",
    file_id: int | None = None,
) -> ArticleVersion:
    """Write the next version; what is published stays until it is published in turn. Refuses a text written over an older version."""
    _check_own(row, by)
    content = cleaned(content, row.kind)
    _refuse(problems_of(content, row.kind, has_file=bool(file_id or row.file_id)))
    with transaction.atomic():
        changed = Article.objects.filter(pk=row.pk, latest=based_on).update(
            latest=based_on + 1, title=content.title, changed_at=at, revision=F("revision") + 1,
            **({"file_id": file_id} if file_id else {}),
        )  # fmt: skip
        if not changed:
            raise Conflict(
                _("somebody else wrote a newer version meanwhile; yours is below, nothing is lost"),
                where="version", code="written_meanwhile",
            )  # fmt: skip
        row.refresh_from_db()
        version = _keep_version(row, content, by=by, at=at, because=because.strip())
        record("article.revised", row, by=by, at=at, because=because.strip(), values={"version": row.latest})
    return version


def relabel_article(row: Article, labels: Labels, *, owner_id: int | None, by: Actor, at: datetime) -> None:
    """Change whom an article concerns, who reads it and whose it is."""
    require(by, "publish_knowledge", unit_id=row.unit_id, reach=True)
    _refuse(problems_of_labels(labels))
    with transaction.atomic():
        values = {
            "audience": labels.audience, "categories": list(labels.categories), "product_models": [m.upper() for m in labels.models],
            "owner_id": owner_id,
        }  # fmt: skip
        _change(row, at=at, **values)
        record("article.relabelled", row, by=by, at=at, values={"audience": labels.audience})


def publish_article(row: Article, *, by: Actor, at: datetime) -> None:
    """Show the newest version to those it is meant for; it is looked at again after the pack's time (M94)."""
    require(by, "publish_knowledge", unit_id=row.unit_id, reach=True)
    review_on = at.date() + _review_after(row)
    with transaction.atomic():
        values = {"version": row.latest}
        if row.state == "published":
            _change(row, at=at, shown=row.latest, review_on=review_on)
            record("article.published", row, by=by, at=at, values=values)
        else:
            move(
                row,
                "published",
                by=by,
                at=at,
                values=values,
                shown=row.latest,
                review_on=review_on,
                changed_at=at,
            )
        transaction.on_commit(forget_library)


def retire_article(row: Article, *, by: Actor, at: datetime, because: str) -> None:
    """Withdraw an article: nobody finds it any more; its versions stay."""
    require(by, "publish_knowledge", unit_id=row.unit_id, reach=True)
    if len(because.strip()) < 2:
        raise Invalid(_("say why"), where="because", expected=_("a reason, which is recorded"))
    with transaction.atomic():
        move(row, "retired", by=by, at=at, because=because.strip(), changed_at=at)
        transaction.on_commit(forget_library)


def review_article(row: Article, *, by: Actor, at: datetime) -> None:
    """Confirm that an article is still right; it is looked at again after the pack's time."""
    _check_own(row, by)
    with transaction.atomic():
        _change(row, at=row.changed_at, review_on=at.date() + _review_after(row))
        record(
            "article.reviewed", row, by=by, at=at, values={"until": (row.review_on or date.max).isoformat()}
        )


def add_wording(row: Article, text: str, *, by: Actor, at: datetime) -> None:
    """Add words under which an article is found."""
    _check_own(row, by)
    kept = wordings_of([text], row.title)
    if not kept:
        raise Invalid(
            _("these words say nothing new"),
            where="wording",
            expected=_("2 to 200 characters, unlike the title"),
        )
    if row.wordings.count() >= MOST_WORDINGS:
        raise Invalid(
            _("there are too many wordings"),
            where="wording",
            expected=_("at most %(n)s") % {"n": MOST_WORDINGS},
        )
    with transaction.atomic():
        Wording.objects.get_or_create(article=row, text=kept[0], defaults={"at": at, "by": by.name})
        _change(row, at=at)
        record("article.worded", row, by=by, at=at)
        transaction.on_commit(forget_library)


def drop_wording(row: Article, wording_id: int, *, by: Actor, at: datetime) -> None:
    """Take words away under which an article should not be found."""
    _check_own(row, by)
    with transaction.atomic():
        row.wordings.filter(pk=wording_id).delete()
        _change(row, at=at)
        record("article.worded", row, by=by, at=at)
        transaction.on_commit(forget_library)


def problems_of_labels(labels: Labels) -> list[Problem]:
    found = []
    if labels.audience not in Audience.values:
        found.append(Problem("audience", _("unknown audience"), ", ".join(Audience.values)))
    if (
        len(labels.models) + len(labels.categories) > MOST_LABELS
        or any(len(m) > 40 for m in labels.models)
        or any(len(c) > 32 for c in labels.categories)
    ):
        found.append(Problem("models", _("too many or too long labels"), _("at most 40 of 40 characters")))
    return found


def unit_of(labels: Labels, by: Actor) -> int:
    """Give whose an article is: the unit that was chosen, or the writer's own, or the company's where they reach all of it."""
    if labels.unit_id is not None:
        return labels.unit_id
    root = root_unit() if by.units is None else None
    unit_id = root.pk if root else by.unit_id
    if unit_id is None:
        raise Invalid(_("there is no company yet"), where="unit", expected="aftercare demo | aftercare found")
    return int(unit_id)


def _check_own(row: Article, by: Actor) -> None:
    """Owners keep their own articles; others need the right to publish."""
    if by.kind == "staff" and row.owner_id == by.id and by.can("write_knowledge"):
        return
    require(by, "publish_knowledge", unit_id=row.unit_id, reach=True)


def _change(row: Article, *, at: datetime, **values: object) -> None:
    Article.objects.filter(pk=row.pk).update(changed_at=at, revision=F("revision") + 1, **values)
    row.refresh_from_db()


def _keep_version(
    row: Article, content: Content, *, by: Actor, at: datetime, because: str = ""
) -> ArticleVersion:
    return ArticleVersion.objects.create(
        article=row, number=row.latest, title=content.title, body=content.body, fields=dict(content.fields), at=at,
        by=by.name, because=because,
    )  # fmt: skip


def wordings_of(texts: Iterable[str], title: str) -> list[str]:
    plain = (" ".join(text.split()) for text in texts)
    return [text for text in dict.fromkeys(plain) if 2 <= len(text) <= 200 and text != title][:MOST_WORDINGS]


def _review_after(row: Article) -> timedelta:
    return timedelta(seconds=policy_for(row.unit_id).pack.knowledge.reviewed_after(row.kind))


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Invalid(_("the article is not complete"), problems)
