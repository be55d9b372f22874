"""Answers to the open question: kept verbatim, counted by what they speak of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aftercare.followup.models import Survey
from aftercare.followup.selectors import themes_for
from aftercare.followup.services import answer_survey, open_survey
from aftercare.people.rules import MACHINE
from tests.cast import MORNING

SAID = "师傅很准时，讲得清楚。"


def answered(cast, opinion, *, at, n, overall=5):
    order = cast.order(at=MORNING, phone=f"1380001{n:04d}", name=f"顾客{n}")
    survey = open_survey(order, by=MACHINE, at=at)
    answer_survey(survey, {"overall": overall}, opinion=opinion, channel="sms", by=MACHINE, at=at)
    return survey


@pytest.mark.django_db
def test_what_was_written_is_counted_with_its_words(cast):
    now = MORNING + timedelta(days=50)
    first = answered(cast, SAID, at=now - timedelta(days=1), n=1)
    answered(cast, "很准时", at=now - timedelta(days=2), n=2, overall=4)
    answered(cast, "准时来的", at=now - timedelta(days=40), n=3)
    answered(cast, "", at=now - timedelta(days=1), n=4)
    assert Survey.objects.get(pk=first.pk).opinion == SAID
    wrote, themes = themes_for(cast.actor("zheng"), at=now)
    assert wrote == 2
    on_time = next(theme for theme in themes if theme.code == "praise:on_time")
    assert (on_time.count, on_time.before, on_time.overall, on_time.is_praise) == (2, 1, 4.5, True)
    assert on_time.quotes[0][0] == SAID
    assert themes_for(cast.actor("tang"), at=now)[0] == 0, "another store's answers"


@pytest.mark.django_db
def test_the_page_shows_them(cast_now, signed_in):
    order = cast_now.order(at=cast_now.at)
    survey = open_survey(order, by=MACHINE, at=cast_now.at)
    answer_survey(survey, {"overall": 5}, opinion=SAID, channel="sms", by=MACHINE, at=cast_now.at)
    page = signed_in("zheng").get("/follow-up").content.decode()
    assert SAID in page
