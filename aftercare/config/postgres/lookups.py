"""A list of values is one parameter: `= ANY(array)` for Django's `IN (a, b, …)`.

Lists of every length make the same statement, prepared and planned once, and a list of a thousand stores needs no thousand placeholders.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models.expressions import ColPairs
from django.db.models.lookups import In

PLAIN = (int, str, date)


def any_of(self: In, compiler: Any, connection: Any) -> tuple[str, Any]:
    """Compile `column IN values` as `column = ANY(array)` where they are plain values of one column."""
    if not self.rhs_is_direct_value() or isinstance(self.lhs, ColPairs):
        return self.as_sql(compiler, connection)
    placeholders, values = self.process_rhs(compiler, connection)
    listed = f"({', '.join(['%s'] * len(values))})"
    if placeholders != listed or not all(isinstance(one, PLAIN) for one in values):
        return self.as_sql(compiler, connection)
    column, params = self.process_lhs(compiler, connection)
    # members of enumerations, too, are sent as the text they are
    array = [str(one) if isinstance(one, str) else one for one in values]
    return f"{column} = ANY(%s)", [*params, array]


In.as_postgresql = any_of  # type: ignore[attr-defined]
