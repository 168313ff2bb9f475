"""The tag of a version as an expression, with which the database finds the tags that begin with a text.

PostgreSQL has an index on it. SQLite does not use this index, because it gets the constants as parameters; there, all
versions of the download are read.
"""

from string import digits

from django.db.models import Case, Q, Value, When
from django.db.models.functions import Concat, Substr
from django.db.models.lookups import In

from releasehub.core.collation import Bytewise

LAST_CHARACTER = "\U0010ffff"  # no tag contains it, because it cannot be printed


def tag_name() -> Bytewise:
    """Return what `Version.tag_name` returns: the tag that was sent, or the one that follows from the number."""
    begins_with_digit = In(Substr("number", 1, 1), list(digits))
    return Bytewise(
        Case(
            When(~Q(tag=""), then="tag"),
            When(begins_with_digit, then=Concat(Value("v"), "number")),
            default="number",
        )
    )
