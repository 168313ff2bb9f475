"""Pass on what a user has: transfer what others depend on, or merge two accounts of one person."""

from collections.abc import Collection

from django.db import transaction

from releasehub.accounts.models import User
from releasehub.accounts.personal_data import check_leaving, possessions
from releasehub.accounts.services.anonymizing import anonymize_user
from releasehub.accounts.services.disabling import close_sign_in
from releasehub.accounts.services.locking import lock_accounts
from releasehub.accounts.user_policies import user_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, Invalid


@transaction.atomic
def transfer_possessions(
    *, actor: Actor, giver: User, heir: User, kinds: Collection[str], reason: str = ""
) -> dict[str, int]:
    """Give another user the downloads and the organizations of a user. Return the number of each kind.

    Args:
        actor: Somebody who may act as the giver anyway, because staff who may change an account can sign in as it.
        heir: The user who gets them, who need not agree.

    Raises:
        Invalid: No kind is selected, or the heir is inactive or the giver.
        Rejected: The heir may not own a download in its category, or its files do not fit into the quota of the heir.
    """
    user_policy.ensure("give_away", actor, giver)
    user_policy.ensure("view", actor, heir)
    giver, heir = _lock(giver, heir)
    chosen = [row for row in possessions(transferable=True) if row.name in kinds]
    if not chosen:
        raise Invalid("Select at least one thing to transfer.", field="kinds")
    numbers = {row.name: row.pass_on(actor=actor, giver=giver, heir=heir) for row in chosen}
    changes = {"to": heir.pk, **numbers}
    if any(numbers.values()):
        audit.record(actor=actor, action=AuditAction.USER_TRANSFER, target=giver, changes=changes, reason=reason)
    return numbers


@transaction.atomic
def merge_accounts(
    *, actor: Actor, user: User, into: User, anonymize: bool = False, reason: str = ""
) -> dict[str, int]:
    """Merge an account into another one of the same person. Return the number of rows of each kind that moved.

    Everything that is registered as a possession passes on. Staff permissions, e-mail addresses, passwords and second
    factors do not, so a merge gives no rights as staff and no new way to sign in. The merged account is
    closed: deactivated, or anonymized.

    Raises:
        Denied: The actor may not change both accounts, or the merged one is the actor's own or a site administrator.
        Invalid: The remaining account is inactive, or both are the same.
        Conflict: A legal hold covers what the user made, or the account cannot be anonymized.
        Rejected: The remaining account may not own a download in its category, or its files exceed the quota.
    """
    user_policy.ensure("merge", actor, user)
    user_policy.ensure("change", actor, into)
    user, into = _lock(user, into)
    check_leaving(user)
    numbers = {row.name: row.pass_on(actor=actor, giver=user, heir=into) for row in possessions()}
    moved = {name: number for name, number in numbers.items() if number}
    changes_of = {user: {"into": into.pk, **moved}, into: {"from": user.pk, **moved}}
    for target, changes in changes_of.items() if moved or user.is_active else ():
        audit.record(actor=actor, action=AuditAction.USER_MERGE, target=target, changes=changes, reason=reason)
    if anonymize:
        anonymize_user(actor=actor, user=user, reason=reason)
    else:
        close_sign_in(actor=actor, user=user, reason=reason)
    return moved


def _lock(giver: User, heir: User) -> tuple[User, User]:
    """Return both accounts as they are now, locked."""
    giver, heir = lock_accounts(giver, heir)
    if giver.pk == heir.pk:
        raise Invalid("Choose another account: this one cannot be both.", field="to")
    if not heir.is_active:
        raise Invalid(f"The account {heir} is not active. Choose another one.", field="to")
    if giver.anonymized_at is not None:
        raise Denied
    return giver, heir
