"""A policy is changed through a draft: what tables and TOML change, what is refused, what it would do, and the way back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.ledger.models import Fact
from aftercare.ledger.services import deliver_until_idle
from aftercare.policies.models import PolicyDraft, PolicyVersion
from aftercare.policies.rules import (
    changed_terms,
    changes_of,
    clock_rows,
    differences,
    drafted,
    load_pack,
    number_rows,
    parse_pack,
    term_rows,
)
from aftercare.policies.selectors import policy_for, units_following
from aftercare.policies.services import (
    activate_draft,
    discard_draft,
    edit_dictionary,
    edit_draft,
    follow_again,
    roll_back,
)
from aftercare.refusals import Conflict, Forbidden, Invalid, Stale
from aftercare.sla.models import Clock
from aftercare.sla.services import preview_policy, replan_clocks
from tests.cast import MORNING

PLAN = "clocks.clocks[plan].by_urgency.urgent"


def minutes(n):
    return MORNING + timedelta(minutes=n)


@pytest.fixture(scope="module")
def content():
    return load_pack("appliance", ["emergency"])[0]


def test_every_cell_that_is_shown_can_be_changed_back_and_forth(content):
    cells = [cell for row in clock_rows(content) for cell in row.cells] + [
        c for _s, cells in number_rows(content) for c in cells
    ]
    assert len(cells) > 60
    assert changes_of(content, {cell.path: cell.value for cell in cells}) == {}, (
        "what is posted unchanged changes nothing"
    )
    assert len({cell.path for cell in cells}) == len(cells)


def test_a_change_is_laid_over_row_by_row(content):
    changes = changes_of(
        content,
        {PLAN: "45m", "survey.low_score": "2", "clocks.clocks[plan].warn_at": "40，90", "nonsense": "1"},
    )
    made = drafted(content, changes, "")
    pack = parse_pack(made, where="test")
    plan = next(c for c in pack.clocks.clocks if c.code == "plan")
    assert (plan.by_urgency["urgent"], plan.by_urgency["critical"], list(plan.warn_at)) == (
        2700,
        600,
        [40, 90],
    )
    assert pack.survey.low_score == 2
    assert {path for path, _old, _new in differences(content, made)} == {
        PLAN,
        "survey.low_score",
        "clocks.clocks[plan].warn_at",
    }


def test_toml_stands_above_the_tables(content):
    made = drafted(content, changes_of(content, {"survey.low_score": "2"}), "[survey]\nlow_score = 4\n")
    assert list(differences(content, made)) == [("survey.low_score", "3", "4")]


@pytest.mark.parametrize(
    ("posted", "toml", "said"),
    [
        ({PLAN: "soon"}, "", "clocks.toml"),
        ({"survey.low_score": "many"}, "", "survey.low_score"),
        ({}, "[survey\n", "TOML"),
        ({}, "[survey]\nlow_score = 'x'\n", "survey.toml: low_score"),
        ({}, "[[clocks.clocks]]\ncode = 'plan'\nper = 'planet'\n", "clocks"),
    ],
)
def test_what_is_wrong_is_refused_with_its_key_and_nothing_is_kept(cast, posted, toml, said):
    with pytest.raises(Invalid) as refusal:
        edit_draft(posted, toml, by=cast.actor("boss"), at=MORNING, revision=0)
    assert said in str([(p.where, p.what) for p in refusal.value.problems])
    assert not PolicyDraft.objects.exists()


def test_a_draft_shows_what_it_would_do_and_open_clocks_follow_when_it_is_in_force(cast):
    request = cast.order().request
    boss = cast.actor("boss")
    draft = edit_draft({PLAN: "10m"}, "", by=boss, at=minutes(15), revision=0)
    pack = parse_pack(drafted(draft.base.content, draft.changes, draft.toml), where="draft")
    effects = preview_policy(pack, by=boss, at=minutes(15))
    assert (effects.moved, effects.newly_over, effects.no_longer_over) == (1, 1, 0)
    assert [(clock.code, due) for clock, due in effects.rows] == [("plan", minutes(10))]
    assert Clock.objects.get(case_id=request.pk, code="plan").due_at == minutes(30), "a look changes nothing"
    version = activate_draft(draft, by=boss, at=minutes(16), because="试行十分钟", revision=draft.revision)
    assert policy_for(cast.store.pk).id == version.pk
    assert Fact.objects.filter(name="policy.activated").latest("id").because == "试行十分钟"
    assert not PolicyDraft.objects.exists()
    deliver_until_idle(at=minutes(16))
    while replan_clocks(at=minutes(17)):
        pass
    assert Clock.objects.get(case_id=request.pk, code="plan").due_at == minutes(10)


def test_an_earlier_version_comes_back_as_a_new_one(cast):
    first, boss = PolicyVersion.objects.get(), cast.actor("boss")
    changed = activate_draft(
        edit_draft({PLAN: "45m"}, "", by=boss, at=MORNING, revision=0),
        by=boss,
        at=MORNING,
        because="放宽",
        revision=1,
    )
    with pytest.raises(Invalid):
        roll_back(first, by=boss, at=minutes(1), because="")
    back = roll_back(first, by=boss, at=minutes(1), because="试行不行")
    assert (back.content, back.number) == (first.content, changed.number + 1)
    assert Fact.objects.filter(name="policy.activated").latest("id").values["back_to"] == first.number
    assert roll_back(first, by=boss, at=minutes(2), because="再来一次").pk == back.pk, (
        "what is in force already stays"
    )


def test_two_who_edit_and_a_policy_that_changed_meanwhile(cast):
    boss = cast.actor("boss")
    first = PolicyVersion.objects.get()
    draft = edit_draft({PLAN: "45m"}, "", by=boss, at=MORNING, revision=0)
    with pytest.raises(Stale):
        edit_draft({PLAN: "50m"}, "", by=boss, at=MORNING, revision=0)
    other = edit_draft({PLAN: "40m"}, "", by=boss, at=MORNING, revision=draft.revision)
    with pytest.raises(Stale):  # whoever saw 45 minutes does not put 40 in force
        activate_draft(other, by=boss, at=MORNING, because="四十五分钟", revision=draft.revision)
    activate_draft(other, by=boss, at=MORNING, because="四十分钟", revision=other.revision)
    draft = edit_draft({PLAN: "35m"}, "", by=boss, at=minutes(1), revision=0)
    roll_back(first, by=boss, at=minutes(2), because="先退回")
    with pytest.raises(Conflict):
        activate_draft(draft, by=boss, at=minutes(3), because="三十五分钟", revision=draft.revision)
    discard_draft(draft, by=boss)
    with pytest.raises(Forbidden):
        edit_draft({}, "", by=cast.actor("zheng"), at=MORNING, revision=0)


def test_the_words_of_a_term_are_changed_and_the_rest_of_the_draft_stays(cast):
    boss = cast.actor("boss")
    draft = edit_draft({PLAN: "45m"}, "[survey]\nlow_score = 2\n", by=boss, at=MORNING, revision=0)
    row = next(row for row in term_rows(draft.base.content, "refrigeration") if row.code == "no_cooling")
    posted = {
        "no_cooling.zh": row.zh, "no_cooling.en": row.en, "no_cooling.words": f"{row.words}，冰箱成了柜子", "no_cooling.dialect": row.dialect,
        "new.zh": "冷藏室异味", "new.en": "Smells inside", "new.words": "冰箱有味, 一开门有味", "new.dialect": "",
    }  # fmt: skip
    draft = edit_dictionary("refrigeration", posted, by=boss, at=MORNING, revision=draft.revision)
    made = drafted(draft.base.content, draft.changes, draft.toml)
    terms = parse_pack(made, where="draft").terms.groups["refrigeration"].terms
    assert "冰箱成了柜子" in terms["no_cooling"]
    assert terms["smells_inside"] == "冷藏室异味 | Smells inside | 冰箱有味, 一开门有味 | "
    assert made["survey"]["low_score"] == 2
    assert {path: new for path, _old, new in differences(draft.base.content, made)}[
        "terms.groups.refrigeration.terms.no_cooling"
    ] == "冰箱成了柜子", "only the words that differ are told"  # fmt: skip
    again = edit_draft({PLAN: "40m"}, "", by=boss, at=MORNING, revision=draft.revision)
    assert "smells_inside" in again.changes["terms"]["groups"]["refrigeration"]["terms"], (
        "the tables leave the words alone"
    )
    row = next(
        r
        for r in term_rows(drafted(again.base.content, again.changes, again.toml), "refrigeration")
        if r.code == "smells_inside"
    )
    kept = {f"smells_inside.{part}": getattr(row, part) for part in ("zh", "en", "words", "dialect")}
    again = edit_dictionary(
        "refrigeration", {**kept, "new.zh": "", "new.en": ""}, by=boss, at=MORNING, revision=again.revision
    )
    assert list(again.changes["terms"]["groups"]["refrigeration"]["terms"]) == ["smells_inside"], (
        "what the draft added stays when it is saved again"
    )
    posted |= dict.fromkeys(kept, "")
    row = next(row for row in term_rows(draft.base.content, "refrigeration") if row.code == "no_cooling")
    back = edit_dictionary("refrigeration", {**posted, "no_cooling.words": row.words, "new.zh": "", "new.en": ""}, by=boss, at=MORNING, revision=again.revision)  # fmt: skip
    assert "terms" not in back.changes, "what is written back is changed no more"
    assert back.changes["clocks"]


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        ({"no_cooling.zh": ""}, "no_cooling"),
        ({"no_cooling.zh": "不制冷", "no_cooling.en": "Does | not cool"}, "no_cooling"),
        (
            {"no_cooling.zh": "不制冷", "no_cooling.en": "Does not cool", "no_cooling.words": "冷"},
            "no_cooling",
        ),
        ({"new.zh": "又一个", "new.en": "No cooling"}, "no_cooling"),
        ({"new.zh": "没有英文"}, "new"),
    ],
)
def test_words_that_can_not_be_kept_are_refused_with_their_term(content, posted, said):
    with pytest.raises(Invalid) as refusal:
        changed_terms(content, "refrigeration", posted)
    assert [p.where.rpartition(".")[2] for p in refusal.value.problems] == [said]


def test_a_group_that_is_not_there(content):
    with pytest.raises(Invalid) as refusal:
        changed_terms(content, "nonsense", {})
    assert "refrigeration" in refusal.value.problems[0].expected


def test_a_unit_gets_a_policy_of_its_own_and_follows_again(cast):
    boss, store = cast.actor("boss"), cast.store
    order = cast.order()
    clock = Clock.objects.get(case_id=order.request_id, code="plan")
    first = policy_for(store.pk)
    assert units_following(None) is None
    draft = edit_draft({PLAN: "10m"}, "", by=boss, at=minutes(1), revision=0, unit=store)
    assert not PolicyDraft.objects.filter(unit=None).exists()
    pack = parse_pack(drafted(draft.base.content, draft.changes, draft.toml), where="draft")
    assert preview_policy(pack, by=boss, at=minutes(1), units=units_following(store)).moved == 1
    own = activate_draft(draft, by=boss, at=minutes(2), because="此店人手多", revision=draft.revision)
    assert (policy_for(store.pk).id, policy_for(cast.other_store.pk).id) == (own.pk, first.id)
    assert store.pk not in units_following(None)
    assert preview_policy(pack, by=boss, at=minutes(2), units=units_following(None)).moved == 0, (
        "the company's draft leaves it alone"
    )
    _replanned(minutes(3))
    clock.refresh_from_db()
    assert clock.due_at == minutes(10)
    follow_again(store, by=boss, at=minutes(4), because="人手不够了")
    assert policy_for(store.pk).id == first.id
    _replanned(minutes(5))
    clock.refresh_from_db()
    assert clock.due_at == minutes(30)
    with pytest.raises(Conflict):
        follow_again(store, by=boss, at=minutes(5), because="再来一次")


def _replanned(at):
    deliver_until_idle(at=at)
    while replan_clocks(at=at + timedelta(seconds=5)):
        pass
