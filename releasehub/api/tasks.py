"""Celery tasks of the API."""

from celery import shared_task

from releasehub.api.common.idempotency import delete_old_answers


@shared_task(name="api.forget_answers")
def forget_answers() -> int:
    """Delete the responses stored for repeated requests after 24 hours."""
    return delete_old_answers()
