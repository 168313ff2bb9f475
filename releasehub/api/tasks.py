from celery import shared_task

from releasehub.api.common.idempotency import forget_old_answers


@shared_task(name="api.forget_answers")
def forget_answers() -> int:
    """Remove the answers kept for repeated requests after their day."""
    return forget_old_answers()
