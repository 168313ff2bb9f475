"""Lock accounts, and whatever else is locked before them.

Every transaction locks organizations first, then downloads, then accounts, each in the order of their ids.
"""

from collections.abc import Collection

from releasehub.accounts.models import Organization, User
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.listeners import Listeners
from releasehub.core.locks import hold_row

# Locks the rows of other layers that the users have.
lock_earlier = Listeners[[Collection[User]]]()


def lock_accounts(*users: User) -> list[User]:
    """Return the accounts as they are now, locked with what they have until the current transaction ends."""
    organizations = Organization.objects.select_for_update(of=("self",)).filter(memberships__user__in=users)
    list(organizations.order_by("pk"))
    lock_earlier(users)
    rows = User.objects.select_for_update().filter(pk__in=[user.pk for user in users]).order_by("pk")
    by_pk = {row.pk: row for row in rows}
    return [by_pk[user.pk] for user in users]


def hold_account(user: User) -> None:
    """Keep others from anonymizing the account until the current transaction ends.

    Every service that gives a user a key, a membership or access calls this, because what it gives would survive the
    anonymization otherwise.

    Raises:
        Conflict: The account was anonymized.
    """
    if not hold_row(User.objects.filter(pk=user.pk, anonymized_at=None)):
        raise Conflict(ErrorCode.INVALID, "This account was closed in the meantime. Choose another user.", field="user")
