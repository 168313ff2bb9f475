"""SQL templates: the busiest reads of the hub, compiled to SQL once per process.

Django needs 0.6 to 11 ms of CPU time to build and compile such a query, far more than PostgreSQL needs to answer it. A
template compiles its query set once, keeps the SQL, and only fills in the values afterwards; PostgreSQL also keeps the
plan. docs/decisions/0026 has the figures.

The price is that this module depends on internals of Django: on `as_sql` and `get_converters` of the
compiler, and on what `ModelIterable` reads. `tests/core/test_sql_templates.py` checks them against the installed
version, and that no other module uses a template.
"""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.models.expressions import RawSQL
from django.db.models.query import ModelIterable, QuerySet

from releasehub.core.cluster.replica import read_alias
from releasehub.core.cursors import as_sent, server_binding_cursor

Row = TypeVar("Row", bound=models.Model)
# Sample values for ids. They must occur nowhere else in a query, and no table has that many rows.
SAMPLE_ID = 2**62 + 1
OTHER_SAMPLE_ID = 2**62 + 2


class Placeholder(str):
    """A position in the parameter list that gets the value of this name in every execution."""


class SqlTemplate(Generic[Row]):
    """A query that is compiled once and executed with different values.

    `build` is called once, with a sample for every value. Django compiles that query set, whose shape must not depend
    on the values, and the template replaces each sample among its parameters by a `Placeholder`. So a sample has the
    type of the real values, and occurs nowhere else in the query. An execution fills in the placeholders, sends the SQL
    and lets Django's own `ModelIterable` make model instances.
    """

    def __init__(self, build: Callable[..., QuerySet[Row, Any]], **samples: Any) -> None:
        self._build, self._samples = build, samples
        self._compiler: Any = None
        self._sql, self._locks = "", False
        self._converters: dict[int, Any] = {}
        self._params: list[Any] = []

    def rows(self, **values: Any) -> list[Row]:
        """Return the rows for these values, with one query."""
        converted = [self._convert(row) for row in self._fetch(values)]
        return list(ModelIterable(cast(Any, _CompiledQuery(self._compiler, converted))))

    def first(self, **values: Any) -> Row | None:
        return next(iter(self.rows(**values)), None)

    def tuples(self, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query set of `values_list` as tuples, which takes a tenth of the time of instances."""
        return [self._convert(row) for row in self._fetch(values)]

    def subquery(self, **values: Any) -> RawSQL:
        """Return the query as the right side of a lookup `in`, so that only the query around it has to be built."""
        if self._compiler is None:
            self._compile()
        return RawSQL(self._sql, tuple(self._params_for(values)))  # noqa: S611 - compiled by Django

    def _params_for(self, values: dict[str, Any]) -> list[Any]:
        return [as_sent(values[item]) if isinstance(item, Placeholder) else item for item in self._params]

    def _fetch(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        # At the first use, because modules create templates before models are loaded. Two threads get the same result.
        if self._compiler is None:
            self._compile()
        if self._locks and not connections[DEFAULT_DB_ALIAS].in_atomic_block:
            raise transaction.TransactionManagementError("This query locks rows. Execute it inside a transaction.")
        params = self._params_for(values)
        with server_binding_cursor(DEFAULT_DB_ALIAS if self._locks else read_alias()) as cursor:
            cursor.execute(self._sql, params)
            return list(cursor.fetchall())

    def _convert(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the row with its values in the form that query sets give them."""
        if not self._converters:
            return row
        converted, connection = list(row), connections[DEFAULT_DB_ALIAS]
        for position, (functions, expression) in self._converters.items():
            for function in functions:
                converted[position] = function(converted[position], expression, connection)
        return tuple(converted)

    def _compile(self) -> None:
        query = self._build(**self._samples).query
        compiler: Any = query.get_compiler(DEFAULT_DB_ALIAS)
        sql, sample_params = compiler.as_sql()
        params = [self._placeholder_for(item) for item in sample_params]
        if missing := self._samples.keys() - {item for item in params if isinstance(item, Placeholder)}:
            raise ValueError(f"These values do not occur in the query: {sorted(missing)}")
        self._locks = query.select_for_update
        self._converters = compiler.get_converters([column for column, *_ in compiler.select])
        # The compiler comes last: another thread that sees it also sees everything else.
        self._sql, self._params, self._compiler = sql, params, compiler

    def _placeholder_for(self, param: Any) -> Any:
        """Return the placeholder for a sample, and any other parameter unchanged."""
        plain = _unwrap(param)
        for name, value in self._samples.items():
            sent = _unwrap(as_sent(value))
            # The type as well, because True == 1: a flag in the query must not be taken for a sample number.
            if type(sent) is type(plain) and sent == plain:
                return Placeholder(name)
        return param


class _CompiledQuery:
    """The attributes that `ModelIterable` reads from a query set, its query and its compiler.

    One object has all of them. It returns rows that were fetched and converted instead of sending the SQL, so that
    several threads can use the same template.
    """

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, compiler: Any, rows: list[tuple[Any, ...]]) -> None:
        self.query = self
        self.select, self.klass_info = compiler.select, compiler.klass_info
        self.annotation_col_map = compiler.annotation_col_map
        self._rows = rows

    def get_compiler(self, using: str) -> Self:
        return self

    def execute_sql(self, **options: Any) -> list[tuple[Any, ...]]:
        return self._rows

    def results_iter(self, results: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        return results


def _unwrap(param: Any) -> Any:
    """Return the plain number or bytes of a compiled parameter, which the database driver may have wrapped."""
    inner = getattr(param, "obj", param)
    if isinstance(inner, int) and not isinstance(inner, bool):
        return int(inner)
    return bytes(inner) if isinstance(inner, memoryview | bytes) else param
