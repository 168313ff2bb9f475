"""Save accounts that a form has changed."""

from collections.abc import Iterable

from django.db import transaction

from releasehub.accounts.models import User
from releasehub.accounts.services.locking import hold_account


@transaction.atomic
def save_account(user: User, names: Iterable[str]) -> None:
    """Save only these fields of an account. A signal writes the row in the audit log.

    Without names, Django saves the whole row as this request has read it. A request of a user who is being disabled,
    signed out, demoted or anonymized would undo that.

    Raises:
        Conflict: The account was anonymized.
    """
    User.objects.select_for_update().get(pk=user.pk)  # two forms are saved one after the other
    hold_account(user)
    user.save(update_fields=list(names))
