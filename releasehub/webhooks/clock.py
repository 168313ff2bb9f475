"""The clock for leases, due times and retries. It is the clock of the database, because those of workers may differ."""

from datetime import timedelta

from django.db.models import DateTimeField, Expression, ExpressionWrapper
from django.db.models.functions import Now

shift = timedelta(0)
"""The offset of this clock. Only tests change it."""


def now(delay: timedelta = timedelta(0)) -> Expression:
    """Return an expression for the time of the statement that uses it, plus `delay`."""
    offset = shift + delay
    return ExpressionWrapper(Now() + offset, output_field=DateTimeField()) if offset else Now()
