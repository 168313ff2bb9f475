"""Save accounts that a form has changed."""

from collections.abc import Iterable

from django.db import transaction

from releasehub.accounts.models import User
from releasehub.accounts.services.administrators import RIGHTS, ensure_other_administrator
from releasehub.accounts.services.disabling import close_sign_in
from releasehub.accounts.services.locking import hold_account
from releasehub.accounts.services.usernames import claim_username
from releasehub.core.requests import current_actor


@transaction.atomic
def save_account(user: User, names: Iterable[str]) -> None:
    """Save only these fields of an account. A signal writes the row in the audit log.

    Without names, Django saves the whole row as this request has read it. A request of a user who is being disabled,
    signed out, demoted or anonymized would undo that.

    An account that is deactivated loses its sessions, tokens and links, too.

    Raises:
        Conflict: The account was anonymized, its new name is taken, or it is that of the last site administrator and
            would lose a right.
    """
    fields = set(names)
    if "username" in fields:
        claim_username(user.username, own_pk=user.pk)
    if any(not getattr(user, name) for name in RIGHTS & fields):
        ensure_other_administrator(user)
    User.objects.select_for_update().get(pk=user.pk)  # two forms are saved one after the other
    hold_account(user)
    user.save(update_fields=fields)
    if "is_active" in fields and not user.is_active:
        close_sign_in(actor=current_actor(), user=user)
