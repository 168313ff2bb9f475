"""Background tasks of accounts."""

from celery import shared_task

from releasehub.accounts.throttle import delete_old_counters


@shared_task(name="accounts.forget_sign_ins")
def forget_sign_ins() -> int:
    """Delete sign-in counters that have expired."""
    return delete_old_counters()
