"""Nothing that pages list by code is without a name: values of the pack, spans, facts that start and stop clocks, verbs."""

from __future__ import annotations

from django.apps import apps

from aftercare.pages.desk.naming import FILES, SPANS, SUBJECTS, VALUES, VERBS
from aftercare.pages.desk.timeline import SENTENCES
from aftercare.people.rules import MATRIX
from aftercare.policies.rules import SECTIONS, load_pack
from aftercare.policies.rules.schema import Pack

PACKS = [load_pack(name, ["emergency"])[1] for name in ("appliance", "retail", "pet-shop")]


def test_every_plain_value_of_a_pack_has_a_name():
    plain = {
        f"{section}.{name}"
        for section in SECTIONS
        for name, field in Pack.model_fields[section].annotation.model_fields.items()
        if field.annotation in (int, float, str)
    }
    assert plain == set(VALUES)
    assert set(SECTIONS) == set(FILES)


def test_every_verb_has_a_name():
    assert set(VERBS) == set(MATRIX)


def test_everything_that_facts_are_about_has_a_name():
    """A fact is of what has a state, or says which kind it is."""
    models = [model for model in apps.get_models() if model.__module__.startswith("aftercare")]
    subjects = {
        getattr(model, "KIND", "") or model._meta.model_name
        for model in models
        if hasattr(model, "KIND") or any(field.name == "state" for field in model._meta.fields)
    }
    assert subjects <= set(SUBJECTS)


def test_every_span_and_every_fact_of_a_clock_has_a_name():
    for pack in PACKS:
        for clock in pack.clocks.clocks:
            assert set(clock.by_kind) <= set(SPANS)
            assert {*clock.starts, *clock.stops} <= set(SENTENCES), clock.code


def test_spans_of_time_are_known_from_other_numbers():
    dispatch = type(PACKS[0].dispatch)
    assert dispatch.is_span("spare")
    assert not dispatch.is_span("max_unfinished")
