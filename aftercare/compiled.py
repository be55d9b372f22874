"""Queries built and compiled once, and from then on only filled in.

Django builds and compiles a query anew each time it is asked, which takes three times as long as the database needs to answer a small
one; a page asks a score of them (docs/decisions/0019-hot-queries-are-compiled-once.md).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, datetime
from functools import update_wrapper
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.compiler import SQLCompiler
from django.db.models import AutoField, Model, QuerySet
from django.db.models.expressions import DatabaseDefault
from django.db.models.query import FlatValuesListIterable, ValuesListIterable
from django.db.models.sql import InsertQuery
from django.db.models.sql.compiler import SQLInsertCompiler
from django.db.transaction import TransactionManagementError

Given = ParamSpec("Given")
Of = TypeVar("Of", bound=Model)
Row = TypeVar("Row")


class Limit(int):
    """A number that is part of the statement itself: how many rows it gives at most."""


class compiled(Generic[Given, Of, Row]):  # noqa: N801 - a decorator
    """Answer a call with the rows of the queryset that the function makes of its arguments.

    Arguments are whole numbers, texts, dates, instants and lists of these. The function is called twice for each shape of arguments,
    with values that stand in for the real ones, and the statement it makes is kept. So it may look at nothing but its arguments, and
    must hand a value to a filter as it is; if it does more, the first call is refused. Whether an argument is empty, zero, None or
    True belongs to the shape, and may be asked; so does a `Limit`, which may cut the rows.
    """

    def __init__(self, build: Callable[Given, QuerySet[Of, Row]]) -> None:
        update_wrapper(self, build)
        self._build = build
        self._made: dict[Hashable, _Statement[Of, Row] | None] = {}

    def __call__(self, *args: Given.args, **named: Given.kwargs) -> list[Row]:
        statement, given = self._statement(args, named)
        return statement.rows(given) if statement else []

    def count(self, *args: Given.args, **named: Given.kwargs) -> int:
        """Count the rows instead of reading them."""
        statement, given = self._statement(args, named)
        return statement.count(given) if statement else 0

    def _statement(
        self, args: Sequence[Any], named: dict[str, Any]
    ) -> tuple[_Statement[Of, Row] | None, list[Any]]:
        """Give the statement for arguments of this shape, and the values; None: whatever they are, nothing is found."""
        given = [*map(_sent, args), *map(_sent, named.values())]
        shape = (len(args), *named, *map(_shape, given))
        if shape not in self._made:
            self._made[shape] = self._make(given, len(args), list(named))
        return self._made[shape], given

    def _make(self, given: list[Any], positions: int, names: list[str]) -> _Statement[Of, Row] | None:
        """Compile the query for two sets of stand-ins; where the statements' parameters differ, the values belong."""
        build: Callable[..., QuerySet[Of, Row]] = self._build
        made = []
        for turn in (0, 1):
            stands = [_stand_in(one, turn, place) for place, one in enumerate(given)]
            queryset = build(*stands[:positions], **dict(zip(names, stands[positions:], strict=True)))
            try:
                made.append(_Statement(queryset, stands))
            except EmptyResultSet:
                return None
        if (made[0].sql, made[0].parameters) != (made[1].sql, made[1].parameters):
            raise TypeError(f"{build.__qualname__}: a compiled query hands its values to filters as they are")
        return made[0]


def insert(rows: Sequence[Model]) -> None:
    """Store new rows of one model in one statement, which is compiled once for each number of rows, and give them their keys.

    As `bulk_create`, but what the database fills in by itself may not be given. Refused are rows that have a key already.
    """
    if rows:
        asked = type(rows[0]), len(rows)
        if asked not in _INSERTS:
            _INSERTS[asked] = _Insert(*asked)
        _INSERTS[asked].store(rows)


class _Insert:
    """An INSERT of so many rows: which columns are sent, and which are given back."""

    def __init__(self, model: type[Model], count: int) -> None:
        query: Any = InsertQuery(model)
        blank = model()
        fields = [f for f in model._meta.concrete_fields if not f.generated and not isinstance(f, AutoField)]
        query.insert_values(fields, [blank] * count)
        compiler: Any = SQLInsertCompiler(query, connections[DEFAULT_DB_ALIAS], DEFAULT_DB_ALIAS)
        self._returned = compiler.returning_fields = model._meta.db_returning_fields
        ((self._sql, _parameters),) = compiler.as_sql()
        self._filled = [f for f in fields if isinstance(f.value_from_object(blank), DatabaseDefault)]
        self._sent = [f for f in fields if f not in self._filled]

    def store(self, rows: Sequence[Any]) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        values: list[Any] = []
        for row in rows:
            given = [
                f.name for f in self._filled if not isinstance(f.value_from_object(row), DatabaseDefault)
            ]
            if row.pk is not None or given:
                raise TypeError(f"{row!r}: the database gives {'the key' if row.pk else ', '.join(given)}")
            row._prepare_related_fields_for_save(operation_name="insert")
            values += [f.get_db_prep_save(f.pre_save(row, True), connection) for f in self._sent]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, values)
            for row, found in zip(rows, cursor.fetchall(), strict=True):
                for field, value in zip(self._returned, found, strict=True):
                    setattr(row, field.attname, value)
                row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


_INSERTS: dict[tuple[type[Model], int], _Insert] = {}


class _Statement(Generic[Of, Row]):
    """SQL with what Django needs to read its rows; for each parameter, which value it is, or what it always is."""

    def __init__(self, queryset: QuerySet[Of, Row], stands: list[Any]) -> None:
        compiler: Any = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, parameters = compiler.as_sql()
        self.parameters = [_parameter(one, stands) for one in parameters]
        self._locks = queryset.query.select_for_update
        if compiler.has_composite_fields([column for column, *_rest in compiler.select]):
            raise TypeError(f"a query of {queryset.model.__name__} with compound keys is not compiled")
        self._queryset: Any = queryset
        self._converters = compiler.get_converters(
            [column for column, *_rest in compiler.select[: compiler.col_count]]
        )
        self._compiler = vars(compiler)
        kind = self._queryset._iterable_class
        self._plain = kind in (ValuesListIterable, FlatValuesListIterable) and not self._converters
        self._flat = kind is FlatValuesListIterable

    def rows(self, given: list[Any]) -> list[Row]:
        connection = connections[DEFAULT_DB_ALIAS]
        if self._locks and connection.get_autocommit():
            raise TransactionManagementError("rows are locked within a transaction")
        if self._plain:
            with connection.cursor() as cursor:
                cursor.execute(self.sql, self._fill(given))
                found: list[Any] = cursor.fetchall()
            return [row[0] for row in found] if self._flat else found
        compiler = _Filled.__new__(_Filled)
        compiler.__dict__ = {
            **self._compiler,
            "connection": connection,
            "statement": (self.sql, self._fill(given)),
            "converters": self._converters,
        }
        like = self._queryset
        queryset = type(like)(like.model, query=_Query(like.query, compiler), using=DEFAULT_DB_ALIAS)
        queryset._iterable_class, queryset._fields = like._iterable_class, like._fields
        queryset._prefetch_related_lookups = like._prefetch_related_lookups
        return list(queryset)

    def count(self, given: list[Any]) -> int:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({self.sql}) AS counted", self._fill(given))  # noqa: S608 - as Django made it
            return int(cursor.fetchone()[0])

    def _fill(self, given: list[Any]) -> tuple[Any, ...]:
        return tuple([one.of(given) for one in self.parameters])


class _Parameter(NamedTuple):
    """Which value a parameter is, and of which type a number is sent; without a place, what it always is."""

    place: int | None
    number: type[int] | None = None
    always: Any = None

    def of(self, given: list[Any]) -> Any:
        if self.place is None:
            return self.always
        value = given[self.place]
        if self.number is None:
            return value
        return [self.number(one) for one in value] if isinstance(value, list) else self.number(value)


def _parameter(sent: Any, stands: list[Any]) -> _Parameter:
    """Find the value that a parameter stands for. A number is sent in the width of its column, which has a type of its own."""
    one = sent[0] if isinstance(sent, list) and sent else sent
    number = type(one) if isinstance(one, int) and not isinstance(one, bool) else None
    for place, stand in enumerate(stands):
        if _varies(stand) and isinstance(stand, list) == isinstance(sent, list) and stand == sent:
            return _Parameter(place, number)
    return _Parameter(None, always=sent)


class _Filled(SQLCompiler):
    """A compiler that has its statement already."""

    statement: tuple[str, tuple[Any, ...]]
    converters: dict[int, Any]

    def as_sql(self, with_limits: bool = True, with_col_aliases: bool = False) -> tuple[str, tuple[Any, ...]]:
        return self.statement

    def get_converters(self, expressions: Any) -> dict[int, Any]:
        return self.converters

    def has_composite_fields(self, expressions: Any) -> bool:
        return False


class _Query:
    """A query that gives a filled compiler; otherwise as the one it was built from."""

    def __init__(self, query: Any, compiler: _Filled) -> None:
        self._query, self._compiler = query, compiler

    def get_compiler(self, using: Any = None, connection: Any = None, elide_empty: bool = True) -> _Filled:
        return self._compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)


def _sent(value: Any) -> Any:
    """Give a value as it is sent: a list without what is missing or twice in it, a member of an enumeration as its text."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_sent(one) for one in dict.fromkeys(value) if one is not None]
    return str(value) if isinstance(value, str) else value


def _shape(value: Any) -> Hashable:
    """Give what a statement depends on of a value: its kind, or the value itself where it is empty, zero, None or True."""
    if isinstance(value, list):
        return (list, _kind(value[0])) if value else list
    return _kind(value) if _varies(value) else (type(value), value)


def _varies(value: Any) -> bool:
    return bool(value) and value is not True and not isinstance(value, Limit)


def _kind(value: Any) -> type:
    for kind in (int, str, datetime, date):
        if isinstance(value, kind):
            return kind
    raise TypeError(
        f"a compiled query takes whole numbers, texts, dates, instants and lists of them, not {value!r}"
    )


def _stand_in(value: Any, turn: int, place: int) -> Any:
    """Give a value of the same shape that nothing else in the statement is."""
    if isinstance(value, list) and value:
        return [_of_kind(_kind(value[0]), turn, place)]
    return _of_kind(_kind(value), turn, place) if _varies(value) else value


def _of_kind(kind: type, turn: int, place: int) -> Any:
    if kind is int:
        return 1_999_990_000 + 100 * turn + place
    if kind is str:
        return f"\x1f{turn}.{place}"
    if kind is datetime:
        return datetime(1970, 1, 1 + turn, 0, place, tzinfo=UTC)
    return date(1970, 1 + turn, 1 + place)
