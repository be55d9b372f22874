"""The search compiled: the functions of `search.py`, with numba's compiler in the place of none."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from . import search
from .arrays import njit


def _compiled_search() -> dict[str, Any]:
    """Give the names of `search.py` with its functions made anew, so that each calls the compiled others."""
    names: dict[str, Any] = {**vars(search), "__name__": __name__}
    for name, function in vars(search).items():
        if isinstance(function, FunctionType) and function.__module__ == search.__name__:
            again = FunctionType(function.__code__, names, name, function.__defaults__)
            again.__qualname__ = name
            names[name] = njit(again) if hasattr(function, "is_compiled") else again
    return names


globals().update({name: value for name, value in _compiled_search().items() if not name.startswith("__")})
