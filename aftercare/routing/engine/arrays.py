"""One source, two speeds: compiled by numba on its arrays for large days, plain Python on lists for small ones."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
NEVER = 1 << 40  # later than any instant, dearer than any price
COMPILED = importlib.util.find_spec("numba") is not None


def plain(function: F) -> F:
    """Leave a function of the search as it is; `search_fast.py` compiles those marked so."""
    function.is_compiled = True  # type: ignore[attr-defined]
    return function


def njit(function: F) -> F:
    """Compile a function of the search; its machine code is kept on disk for the next start.

    Nothing is allocated in the search, so references to arrays are not counted: with sixty of them at each call that took
    most of the time. A function that does allocate is refused by the compiler.
    """
    import numba

    fast: F = numba.njit(cache=True, nogil=True, error_model="numpy", _nrt=False)(function)
    return fast


def row(values: Sequence[int], fast: bool) -> Any:
    """Give a row of whole numbers as the search wants it."""
    if fast:
        import numpy

        return numpy.array(values, dtype=numpy.int64)
    return [int(value) for value in values]


def flat(rows: Any, fast: bool, small: bool = False) -> Any:
    """Give a grid as one row, read as `flat[i * columns + j]`: quick in both worlds. `small`: none beyond 2³¹."""
    if fast:
        import numpy

        return numpy.ascontiguousarray(rows, dtype=numpy.int32 if small else numpy.int64).reshape(-1)
    return [int(value) for values in rows for value in values]


def turned(rows: Any, fast: bool) -> Any:
    """Give a grid with rows and columns exchanged."""
    if fast:
        import numpy

        return numpy.asarray(rows).T
    return [list(column) for column in zip(*rows, strict=True)]


def zeros(length: int, fast: bool, value: int = 0) -> Any:
    return row([value] * length, fast)


def reals(length: int, fast: bool) -> Any:
    if fast:
        import numpy

        return numpy.zeros(length, dtype=numpy.float64)
    return [0.0] * length
