"""Database lookups: search lists stored as JSON, on PostgreSQL and on SQLite, and compare texts in lower case."""

from typing import Any

from django.db.models import CharField, JSONField, Lookup
from django.db.models.functions import Lower

CharField.register_lookup(Lower)  # `platform__lower__in`


@JSONField.register_lookup
class Holds(Lookup):
    """The lookup `platforms__holds="windows"`: the JSON list has this text as one of its items.

    Django's own `contains` lookup does not work on SQLite.
    """

    lookup_name = "holds"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (value,)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL for PostgreSQL, whose operator `?` asks whether a JSON list has the text as an item."""
        return self._around("%s ? %s", compiler, connection)

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL for SQLite, which has no such operator: expand the list into rows and look for the text."""
        return self._around("EXISTS (SELECT 1 FROM json_each(%s) WHERE value = %s)", compiler, connection)

    def _around(self, form: str, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return form % (lhs, rhs), (*lhs_params, *rhs_params)
