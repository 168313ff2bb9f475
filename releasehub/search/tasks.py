"""The background task of the search. It may run twice."""

from celery import shared_task

from releasehub.search.refresh import refresh_index


@shared_task(name="search.refresh")
def refresh() -> int:
    """Index what changed since the last run."""
    return refresh_index()
