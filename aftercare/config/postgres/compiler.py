"""Django's SQL compiler, spared what it does for each column of each query: a case page asks for some two thousand columns.

The SQL is the same, letter by letter (tests/test_compiler.py).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.backends.postgresql import compiler
from django.db.backends.postgresql.compiler import (
    SQLAggregateCompiler,
    SQLDeleteCompiler,
    SQLInsertCompiler,
    SQLUpdateCompiler,
)
from django.db.models.expressions import Col, ColPairs

__all__ = [
    "SQLAggregateCompiler",
    "SQLCompiler",
    "SQLDeleteCompiler",
    "SQLInsertCompiler",
    "SQLUpdateCompiler",
]


class SQLCompiler(compiler.SQLCompiler):
    def compile(self, node: Any) -> Any:
        if type(node) is Col and node.alias:
            return f"{self._quoted(node.alias)}.{self._quoted(node.target.column)}", []
        return super().compile(node)

    def _quoted(self, name: Any) -> str:
        return self.quote_cache.get(name) or self.quote_name_unless_alias(name)

    def _order_by_pairs(self) -> Any:
        """Look for an ordering by name only among the columns that have one.

        Django makes every selected column a key first, in case one of them is ordered by as an expression.
        """
        query: Any = self.query
        ordering = query.order_by or (query.get_meta().ordering if query.default_ordering else ())
        select: Any = self.select
        by_name = not query.combinator and all(isinstance(field, str) for field in ordering)
        if by_name and not any(alias for _column, _sql, alias in select or ()):
            self.select = []
        try:
            pairs: Any = super()._order_by_pairs()
            return list(pairs)
        finally:
            self.select = select

    def get_converters(self, expressions: Any) -> Any:
        """Ask only the columns that have something to convert."""
        expressions = list(expressions)
        if any(isinstance(one, ColPairs) for one in expressions):  # which count for several
            return super().get_converters(expressions)
        found: dict[int, Any] = {}
        for place, one in enumerate(expressions):
            if type(one) is not Col or _converts(one.output_field) or _converts(one.target):
                found.update((place, made) for made in super().get_converters([one]).values())
        return found


@cache
def _converts(field: Any) -> bool:
    return hasattr(field, "from_db_value")
