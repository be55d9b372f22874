"""What a voice says besides its words: against its own beginning, fast or loud is anxious, both is angry (M27)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.policies.rules import Voice, load_pack
from aftercare.triage.rules import Heard, Reader, Speech, hear, syllables_in, together

RULES = Voice()
QUIET = [Speech(4.5, -30.0), Speech(4.7, -29.0)]


@pytest.mark.parametrize(
    ("now", "before", "emotion"),
    [
        (Speech(4.6, -29.0), QUIET, "calm"),
        (Speech(6.0, -29.0), QUIET, "anxious"),
        (Speech(4.6, -22.0), QUIET, "anxious"),
        (Speech(6.0, -22.0), QUIET, "angry"),
        (Speech(7.5, None), [], "anxious"),
        (Speech(None, -5.0), [], "calm"),
        (Speech(None, -20.0), QUIET, "anxious"),
        (Speech(None, None), QUIET, "calm"),
        (Speech(6.9, -20.0), [Speech(6.4, -19.0), Speech(6.6, -20.0)], "calm"),
    ],
)
def test_against_its_own_beginning(now, before, emotion):
    heard = hear(now, before, RULES)
    assert heard.emotion == emotion
    assert (heard.strength > 0) == (emotion != "calm")


def test_how_much_is_said_and_only_the_beginning_is_compared():
    later = [*QUIET, Speech(8.0, -15.0), Speech(8.0, -15.0)]
    heard = hear(Speech(6.0, -22.0), later, RULES)
    assert (heard.faster, heard.louder, heard.rate) == (30, 8, 6.0), "one who shouts for long still shouts"
    assert heard.strength >= 0.6, "both are enough for the supervisor"


@pytest.mark.parametrize(
    ("words", "voice", "felt"),
    [
        ("calm", "calm", "calm"), ("anxious", "anxious", "angry"), ("angry", "calm", "angry"), ("calm", "anxious", "anxious"),
        ("calm", "angry", "angry"), ("", "calm", ""),
    ],
)  # fmt: skip
def test_words_and_voice_together(words, voice, felt):
    assert together(words, 0.0, Heard(voice))[0] == felt


@given(st.floats(0, 1), st.floats(0, 1))
def test_strength_only_grows(words, voice):
    both = together("calm", words, Heard("anxious", voice))[1]
    assert max(words, voice) - 0.001 <= both <= 1


def test_syllables_are_counted_in_both_languages():
    assert syllables_in("空调不制冷 3 天了") == 8
    assert syllables_in("It is not cooling at all") == 7
    assert syllables_in("……！") == 0


def test_a_reading_takes_the_voice_in():
    reader = Reader(load_pack("retail")[1])
    said = "空调不制冷"
    plain = reader.read(said, today=date(2026, 6, 1))
    heard = reader.read(said, today=date(2026, 6, 1), heard=Heard("angry", 0.8, 45, 9, 6.8))
    assert plain.value("emotion") == "calm"
    assert (heard.value("emotion"), heard.fields["emotion"].by) == ("angry", "voice")
    assert {"anger", "prepay"} <= set(heard.follows), (
        "supervisor told, senior colleague and payment in advance proposed"
    )
