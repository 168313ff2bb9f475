"""End the e-mails to a user whose account is anonymized. Comments, reviews and reports stay."""

from __future__ import annotations

from releasehub.accounts.models import User
from releasehub.community.models import Report, Watch, WatchNotice
from releasehub.core.actor import Actor


def end_community_mail(*, actor: Actor, user: User) -> None:
    """Delete the watches of the user, the e-mails that they caused, and those about reports."""
    WatchNotice.objects.filter(user=user).delete()
    Report.objects.filter(reporter=user).update(mail_due_at=None)
    Watch.objects.filter(user=user).delete()
