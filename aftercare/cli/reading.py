"""The verbs of reading: read a text, train a model on corrections, put it in use, take it back."""

from __future__ import annotations

import argparse

from .starting import installation, now, say


def triage(options: argparse.Namespace) -> int:
    """Read a text, or keep the models."""
    with installation():
        from aftercare.intake.services import train_reader
        from aftercare.people.rules import MACHINE
        from aftercare.triage.selectors import model_for, models_for
        from aftercare.triage.services import take_back_model, use_model

        match options.what:
            case "read":
                _read(options.text)
            case "train":
                row = train_reader(by=MACHINE, at=now())
                say(
                    f"model {row.number}, from {row.trained_on} corrections; right on those held out (before → new):"
                )
                for name, both in row.fields.items():
                    say(
                        f"  {name:<12}{both['before']['accuracy']:.3f} → {both['new']['accuracy']:.3f}  of {both['new']['n']}"
                    )
                say(f"put it in use: aftercare triage use {row.number}")
            case "use":
                use_model(model_for(MACHINE, options.number), by=MACHINE, at=now())
                say(f"model {options.number} reads from now on")
            case "back":
                take_back_model(
                    model_for(MACHINE, options.number), by=MACHINE, at=now(), because=options.because
                )
                say(f"model {options.number} is taken back; the dictionary reads alone")
            case _:
                for model in models_for(MACHINE):
                    say(
                        f"  {model.number:>4}  {model.state:<10}{model.trained_on:>7} corrections  {model.trained_at:%Y-%m-%d %H:%M}"
                    )
    return 0


def _read(text: str) -> None:
    from aftercare.policies.selectors import policy_for
    from aftercare.triage.selectors import reader_for

    reading = reader_for(policy_for(None)).read(text, today=now().date())
    say(f"urgency: {reading.urgency.value} ({reading.urgency.rule}: {', '.join(reading.urgency.words)})")
    for name, choice in reading.fields.items():
        words = ", ".join(text[start:end] for start, end in choice.spans)
        say(
            f"{name}: {choice.value} {choice.confidence:.2f}{'' if choice.sure else ' (not sure)'}  {choice.by}: {words}"
        )
    for name, notes in reading.notes.items():
        for note in notes:
            say(f"{name}: {note.code} ({note.how}: {', '.join(text[s:e] for s, e in note.spans)})")
    for value in reading.values:
        say(f"{value.kind}: {value.value} {value.unit}".rstrip())
    for code in reading.follows:
        say(f"follows: {code}")
