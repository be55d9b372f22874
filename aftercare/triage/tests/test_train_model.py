"""Models: trained on corrections, compared, put in use, taken back; and one that can't be read harms nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from aftercare.briefly import forget_all
from aftercare.ledger.models import Fact
from aftercare.people.rules import MACHINE
from aftercare.policies.selectors import policy_for
from aftercare.refusals import Conflict, Forbidden, Invalid
from aftercare.triage.models import ReadingModel
from aftercare.triage.rules import (
    Example,
    Guess,
    TooFewExamples,
    UnreadableModel,
    dump_model,
    load_model,
    train,
)
from aftercare.triage.selectors import forget_models, model_in_use, reader_for
from aftercare.triage.services import take_back_model, train_model, use_model

AT = datetime(2026, 7, 15, 3, tzinfo=UTC)
WORDS = {
    "repair": ("机子转不起来", "嗡嗡叫唤停不下", "底下一汪水"),
    "complaint": ("叫店长来评理", "柜台推来推去", "账单多出三十"),
}
EXAMPLES = [
    Example(f"{word}{'了' * (n % 3)}，第{n}回", {"kind": kind})
    for n in range(30)
    for kind, words in WORDS.items()
    for word in words
]


def nothing(_text):
    return {}


@pytest.fixture
def model(cast):
    return train_model(EXAMPLES, before=nothing, sure=0.6, by=MACHINE, at=AT)


def test_a_model_learns_and_says_how_sure_it_is():
    trained = train(EXAMPLES, ("kind", "category"))
    assert [part.name for part in trained.model.parts] == ["kind"], "a field nobody labelled is not learned"
    guess = trained.model.read("柜台推来推去")["kind"]
    assert (guess.value, guess.confidence > 0.8) == ("complaint", True)
    assert trained.held_out["kind"]["accuracy"] > 0.9
    assert trained.model.spans(trained.model.look("柜台推来推去"), "kind", "complaint")


def test_a_file_gives_the_same_model():
    model = train(EXAMPLES, ("kind",)).model
    again = load_model(dump_model(model))
    for text in ("底下一汪水", "账单多出三十", ""):
        assert again.read(text)["kind"].value == model.read(text)["kind"].value


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[:-9],
        lambda body: b"",
        lambda body: b"not a model at all",
        lambda body: body.replace(b'"format":"1"', b'"format":"9"'),
        lambda body: body[:8] + b"\xff" * 40 + body[48:],
    ],
)
def test_a_damaged_file_is_refused(damage):
    with pytest.raises(UnreadableModel):
        load_model(damage(dump_model(train(EXAMPLES, ("kind",)).model)))


def test_a_wrong_checksum_is_refused():
    body = dump_model(train(EXAMPLES, ("kind",)).model)
    with pytest.raises(UnreadableModel, match="checksum"):
        load_model(body, digest="0" * 64)


def test_too_few_are_refused(cast):
    with pytest.raises(TooFewExamples):
        train([Example("一", {"kind": "repair"})], ("kind",))
    with pytest.raises(Invalid, match="12"):
        train_model(EXAMPLES[:12], before=nothing, sure=0.6, by=MACHINE, at=AT)


def test_a_model_is_compared_on_what_it_has_not_seen(model):
    both = model.fields["kind"]
    assert both["new"]["n"] == both["before"]["n"] == len(EXAMPLES) // 5
    assert both["new"]["accuracy"] > 0.9 > both["before"]["accuracy"]
    assert model.state == "candidate" and model_in_use()[0] == 0
    assert abs(sum(model.shares["kind"].values()) - 1) < 0.001


def test_taking_over_and_taking_back(model, cast):
    second = train_model(
        EXAMPLES, before=lambda _t: {"kind": Guess((("repair", 1.0),))}, sure=0.6, by=MACHINE, at=AT
    )
    use_model(model, by=MACHINE, at=AT)
    reading = reader_for(policy_for(None)).read("柜台推来推去嘞", today=AT.date())
    assert (reading.fields["kind"].by, reading.value("kind"), reading.model) == ("model", "complaint", 1)
    use_model(second, by=MACHINE, at=AT + timedelta(hours=1))
    assert list(ReadingModel.objects.order_by("number").values_list("state", flat=True)) == [
        "retired",
        "active",
    ]
    with pytest.raises(Invalid):
        take_back_model(second, by=MACHINE, at=AT, because="")
    take_back_model(second, by=MACHINE, at=AT, because="读错太多")
    forget_models()
    assert reader_for(policy_for(None)).read("柜台推来推去嘞", today=AT.date()).model == 0
    names = list(
        Fact.objects.filter(subject_kind="reading_model").order_by("id").values_list("name", flat=True)
    )
    assert names[-3:] == ["reading_model.retired", "reading_model.used", "reading_model.taken_back"]


def test_one_that_got_damaged_is_left_out_and_said(model, cast):
    use_model(model, by=MACHINE, at=AT)
    ReadingModel.objects.update(body=b"torn")
    forget_all()
    number, problem = model_in_use()
    assert number == 1 and "checksum" in problem
    assert reader_for(policy_for(None)).read("空调不制冷", today=AT.date()).value("kind") == "repair"
    with pytest.raises(Conflict):
        use_model(model, by=MACHINE, at=AT)


def test_an_agent_may_not_train(cast):
    with pytest.raises(Forbidden):
        train_model(EXAMPLES, before=nothing, sure=0.6, by=cast.actor("li"), at=AT)


def test_two_put_in_use_at_once_leave_one(model, cast):
    second = train_model(EXAMPLES, before=nothing, sure=0.6, by=MACHINE, at=AT)

    def use(row):
        try:
            use_model(row, by=MACHINE, at=AT)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(use, row) for row in (model, second)]:
            done.result()
    assert sorted(ReadingModel.objects.values_list("state", flat=True)) == ["active", "retired"]
