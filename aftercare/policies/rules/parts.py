"""What every part of a pack is made of: durations, conditions, texts in both languages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .conditions import check_condition
from .durations import seconds_of

Seconds = Annotated[int, BeforeValidator(seconds_of)]
Condition = Annotated[str, BeforeValidator(lambda text: check_condition(text) if text else text)]
Urgency = Literal["normal", "urgent", "critical"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def is_span(cls, name: str) -> bool:
        """Say whether a value is a span of time, kept in seconds and written `90s`, `30m`, `4h`, `3d`."""
        rules = cls.model_fields[name].metadata
        return any(isinstance(rule, BeforeValidator) and rule.func is seconds_of for rule in rules)


class Text(Part):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def __getitem__(self, language: str) -> str:
        return self.en if language.startswith("en") else self.zh


class Named(Part):
    code: str = Field(pattern=r"^[a-z0-9_]+$")
    title: Text
