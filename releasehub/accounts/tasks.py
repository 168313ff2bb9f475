from celery import shared_task

from releasehub.accounts.throttle import forget_old_counters


@shared_task(name="accounts.forget_sign_ins")
def forget_sign_ins() -> int:
    """Remove counters of sign-ins that limit nothing any more."""
    return forget_old_counters()
