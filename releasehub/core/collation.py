"""Comparison of texts by their bytes, in any database."""

from typing import Any

from django.db.models import CharField, Func


class Bytewise(Func):
    """A text that is compared and sorted by its bytes, whatever the language of the database is.

    Only in this order do all texts with the same beginning stand together, so that an index finds them.
    """

    template = '%(expressions)s COLLATE "C"'
    arity = 1
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return super().as_sqlite(compiler, connection, template="%(expressions)s COLLATE BINARY", **context)
