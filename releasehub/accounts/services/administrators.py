"""The site administrators. A hub must not lose its last active one, because only they can appoint others."""

from releasehub.accounts.models import User
from releasehub.core.errors import Conflict, ErrorCode

RIGHTS = frozenset({"is_active", "is_staff", "is_superuser"})


def ensure_other_administrator(user: User) -> None:
    """Check that somebody else administers the site, before the user loses one of `RIGHTS`.

    The administrators stay locked until the transaction ends. Otherwise two of them could disable each other.

    Raises:
        Conflict: The user is the last active site administrator.
    """
    rows = User.objects.select_for_update(no_key=True).filter(**dict.fromkeys(RIGHTS, True)).order_by("pk")
    if set(rows.values_list("pk", flat=True)) == {user.pk}:
        name = user.get_username()
        raise Conflict(
            ErrorCode.USER_LAST_ADMINISTRATOR,
            f"{name} is the last active site administrator. Make another account a site administrator first.",
        )
