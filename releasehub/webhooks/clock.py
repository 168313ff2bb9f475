"""The clock of leases, due times and retries: the database's, so that a worker with a wrong clock harms nobody."""

from datetime import timedelta

from django.db.models import DateTimeField, Expression, ExpressionWrapper
from django.db.models.functions import Now

shift = timedelta(0)
"""Moves this clock; only tests do."""


def now(delay: timedelta = timedelta(0)) -> Expression:
    """An expression: the time of the statement that uses it, plus `delay`."""
    moved = shift + delay
    return ExpressionWrapper(Now() + moved, output_field=DateTimeField()) if moved else Now()
