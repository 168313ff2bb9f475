"""Background tasks of accounts."""

from celery import shared_task

from releasehub.accounts import invitation_mail, mail_queue
from releasehub.accounts.browsers import delete_expired_sessions
from releasehub.accounts.services.anonymizing import TRACES_TASK, erase_traces
from releasehub.accounts.services.invitations import delete_old_invitations
from releasehub.accounts.services.one_time_links import delete_old_links
from releasehub.accounts.throttle import delete_old_counters


@shared_task(name="accounts.forget_sign_ins")
def forget_sign_ins() -> int:
    """Delete sign-in counters and sessions that have expired."""
    return delete_old_counters() + delete_expired_sessions()


@shared_task(name="accounts.delete_old_invitations")
def forget_invitations() -> int:
    """Delete invitations and one-time links that expired long ago."""
    return delete_old_invitations() + delete_old_links()


@shared_task(name=TRACES_TASK)
def erase_traces_of_users() -> int:
    """Erase what is left of anonymized users."""
    return erase_traces()


@shared_task(name=invitation_mail.SEND_TASK)
def send_invitations() -> int:
    return invitation_mail.send_invitations()


@shared_task(name=mail_queue.SEND_TASK)
def send_account_mail() -> int:
    return mail_queue.send_queued_mail()
