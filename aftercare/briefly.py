"""Remember for a second what every request asks for and hardly ever changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
FRESH_FOR = 1.0  # seconds
AT_MOST = 1000


class briefly(Generic[Key, Value]):  # noqa: N801 - a decorator
    """Answer a call with the same argument from memory for up to a second, in this process.

    What changed elsewhere is therefore seen a second later at most; `forget()` makes this process see it at once.
    """

    def __init__(self, function: Callable[[Key], Value]) -> None:
        self.__doc__ = function.__doc__
        self._function = function
        self._known: dict[Key, tuple[float, Value]] = {}
        _all.append(self)

    def __call__(self, key: Key) -> Value:
        now = time.monotonic()
        known = self._known.get(key)
        if known is None or now - known[0] > FRESH_FOR:
            if len(self._known) >= AT_MOST:
                self._known.clear()
            known = self._known[key] = (now, self._function(key))
        return known[1]

    def forget(self) -> None:
        self._known.clear()


class Remembers(Protocol):
    """Whatever can forget what it knows of the database."""

    def forget(self) -> None: ...


_all: list[Remembers] = []


def remembers(one: Remembers) -> None:
    """Have `one` forget together with all others."""
    _all.append(one)


def forget_all() -> None:
    """Forget everything remembered briefly (tests, which change databases under our feet)."""
    for one in _all:
        one.forget()
