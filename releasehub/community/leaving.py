"""End the watches of a user whose account is anonymized. Comments, reviews and reports stay."""

from __future__ import annotations

from releasehub.accounts.models import User
from releasehub.community.models import Watch, WatchNotice
from releasehub.core.actor import Actor


def end_watches(*, actor: Actor, user: User) -> None:
    """Delete the watches of the user and the e-mails that they caused."""
    WatchNotice.objects.filter(user=user).delete()
    Watch.objects.filter(user=user).delete()
