"""Names of accounts, which are unique also without regard to case."""

from releasehub.accounts.models import User
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.locks import lock_name

USERNAME_LOCK = 0x51_A0


def claim_username(name: str, *, own_pk: int | None = None) -> None:
    """Check that no other account has the name in any case, and lock it until the current transaction ends.

    Forms check the name, too. Without the lock, two requests could take `Ann` and `ann` at the same time, and the
    unique constraint compares the exact spelling.

    Args:
        own_pk: The account that gets the name, if it exists already.

    Raises:
        Conflict: Another account has the name.
    """
    lock_name(USERNAME_LOCK, name.casefold())
    if set(User.objects.filter(username__iexact=name).values_list("pk", flat=True)) - {own_pk}:
        message = f"The username {name} is already taken. Choose another one."
        raise Conflict(ErrorCode.USERNAME_TAKEN, message, field="username")
