"""The texts customers receive: the product's, or what a pack says instead, with holes that can be filled and nothing else."""

from __future__ import annotations

import pytest

from aftercare.ledger.services import deliver_until_idle
from aftercare.notices.models import Message
from aftercare.policies.models import PolicyVersion
from aftercare.policies.rules import changes_of, load_pack, parse_pack
from aftercare.policies.rules.messages import TEXTS, TITLES, WITHOUT_LINK, Messages, holes_of
from aftercare.policies.selectors import policy_version
from aftercare.refusals import Invalid
from tests.cast import MORNING


def test_every_text_has_a_title_and_a_link_where_there_is_something_to_do():
    assert TEXTS.keys() == TITLES.keys()
    for code, texts in TEXTS.items():
        Messages(texts={code: dict(zip(("zh", "en"), texts, strict=True))})
        assert all(("{link}" in text) == (code not in WITHOUT_LINK) for text in texts), code


@pytest.mark.parametrize(
    "text",
    [
        "您好 {name}，已受理：{link}", "已受理，请等待", "已受理 {link} {}", "已受理 {link.__class__}", "已受理 {{link}}", "已受理 {link", "短",
        "好" * 301 + "{link}", "已受理 {link!r}", "{link:>99999999}",
    ],
)  # fmt: skip
def test_a_text_that_could_not_be_filled_is_refused(text):
    content, _pack = load_pack("appliance")
    with pytest.raises(Invalid) as refused:
        parse_pack({**content, "messages": {"texts": {"received": {"zh": text}}}}, where="appliance")
    assert "messages.toml" in refused.value.problems[0].where


def test_an_unknown_template_is_refused():
    content, _pack = load_pack("appliance")
    with pytest.raises(Invalid):
        parse_pack(
            {**content, "messages": {"texts": {"hello": {"zh": "您好 {link}", "en": "hello {link}"}}}},
            where="x",
        )


def test_one_language_may_be_said_and_the_other_stays():
    own = Messages(texts={"received": {"zh": "【澄和】已收到，编号 {number}，查看 {link}"}})
    assert own.text("received", "zh-hans").startswith("【澄和】")
    assert own.text("received", "en") == TEXTS["received"][1]
    assert own.text("late", "zh-hans") == TEXTS["late"][0]
    assert holes_of("late") == {"minutes", "number"}


def test_the_draft_changes_one_text_and_leaves_the_others():
    content, _pack = load_pack("appliance")
    path = "messages.texts.received.zh"
    assert changes_of(content, {path: TEXTS["received"][0]}) == {}
    changed = changes_of(content, {path: "【澄和】编号 {number}，{link}"})
    assert changed == {"messages": {"texts": {"received": {"zh": "【澄和】编号 {number}，{link}"}}}}


@pytest.mark.django_db
def test_a_customer_is_told_what_the_pack_says(cast):
    for row in PolicyVersion.objects.all():
        row.content["messages"] = {
            "texts": {"received": {"zh": "【澄和】已收到，编号 {number}，查看 {link}"}}
        }
        row.save(update_fields=["content"])
    policy_version.cache_clear()
    cast.order()
    deliver_until_idle(at=MORNING)
    assert Message.objects.get(template="received").body.startswith(
        "【澄和】已收到，编号 CR20240520-001，查看 http"
    )
