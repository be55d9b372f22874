"""One source, two speeds: with numba functions are compiled and state is in arrays; without it they are Python on lists."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

try:
    if os.environ.get("AFTERCARE_PLAIN_ENGINE"):
        raise ImportError("the plain engine is asked for")
    import numba
    import numpy
except ImportError:
    numba = None

COMPILED = numba is not None
NEVER = 1 << 40  # later than any instant, dearer than any price


def compiled(function: F) -> F:
    """Compile a function of the search; its machine code is kept on disk for the next start."""
    return numba.njit(cache=True, error_model="numpy")(function) if COMPILED else function


def row(values: Sequence[int]) -> Any:
    """Give a row of whole numbers as the search wants it."""
    return numpy.array(values, dtype=numpy.int64) if COMPILED else list(values)


def flat(rows: Any, small: bool = False) -> Any:
    """Give a grid as one row, read as `flat[i * columns + j]`: that is fast in both worlds. `small`: none beyond 2³¹."""
    if COMPILED:
        return numpy.ascontiguousarray(rows, dtype=numpy.int32 if small else numpy.int64).reshape(-1)
    return [int(value) for values in rows for value in values]


def turned(rows: Any) -> Any:
    """Give a grid with rows and columns exchanged."""
    return numpy.asarray(rows).T if COMPILED else [list(column) for column in zip(*rows, strict=True)]


def zeros(length: int, value: int = 0) -> Any:
    return numpy.full(length, value, dtype=numpy.int64) if COMPILED else [value] * length


def reals(length: int) -> Any:
    return numpy.zeros(length, dtype=numpy.float64) if COMPILED else [0.0] * length
