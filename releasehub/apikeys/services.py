"""Use cases of API keys: issue, change, revoke and verify them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from releasehub.accounts.models import User
from releasehub.accounts.services.locking import hold_account
from releasehub.apikeys import secrets
from releasehub.apikeys.expiring import check_expiry, digest_fields
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.policies import api_key_policy
from releasehub.apikeys.scopes import Scope
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign, clean_scopes
from releasehub.core.errors import Conflict, Denied, ErrorCode, Invalid
from releasehub.core.foreign import check_foreign
from releasehub.core.locks import lock_row


@transaction.atomic
def issue_key(
    *,
    actor: Actor,
    user: User,
    name: str,
    scopes: Iterable[str] = (),
    foreign_scopes: Sequence[str] = (),
    download_ids: Collection[int] = (),
    expires_at: datetime | None = None,
    is_super_user: bool = False,
) -> tuple[ApiKey, str]:
    """Create a key, and return it together with its secret, which is not stored anywhere.

    `foreign_scopes` are names of the original system that the hub does not know. They are stored and allow nothing.

    Raises:
        Invalid: There is no such scope, the expiry is in the past, or a super-user key is requested for a user who is
            not a site administrator.
        Conflict: The account was anonymized.
    """
    if not api_key_policy.can_issue(actor, for_user_id=user.pk, is_super_user=is_super_user):
        raise Denied
    hold_account(user)
    if is_super_user and not user.is_superuser:
        message = f"{user} is not a site administrator, so this user cannot have a super-user key."
        raise Invalid(message, field="is_super_user")
    cleaned = clean_scopes(scopes, Scope.values)
    check_foreign(foreign_scopes, field="scopes")
    check_expiry(expires_at)
    secret = secrets.new_secret()
    key = ApiKey.objects.create(
        user=user,
        name=name,
        scopes=cleaned,
        foreign_scopes=list(foreign_scopes),
        download_ids=sorted(set(download_ids)),
        is_super_user=is_super_user,
        expires_at=expires_at,
        **digest_fields(secret),
    )
    details = {"user": user.pk, "scopes": cleaned, "download_ids": key.download_ids, "is_super_user": is_super_user}
    audit.record(actor=actor, action=AuditAction.API_KEY_ISSUE, target=key, changes=details)
    return key, secret


@transaction.atomic
def update_key(*, actor: Actor, key: ApiKey, **fields: Any) -> ApiKey:
    """Change the name, the scopes or the expiry of a key. The change takes effect with the next request.

    The audit log records a change like the issue of a key, because it can widen what the key may do.

    Raises:
        Invalid: A value is invalid.
        Conflict: The key was revoked, which cannot be undone.
    """
    api_key_policy.ensure("edit", actor, key)
    # Locked, so that a change cannot overwrite a revocation that another request has just committed.
    key = lock_row(key, "user")
    if "scopes" in fields:
        fields["scopes"] = clean_scopes(fields["scopes"], Scope.values)
    check_foreign(fields.get("foreign_scopes", []), field="scopes")
    changes = audit.changed_fields(key, fields)
    if not changes:
        return key
    if key.revoked_at is not None:
        raise Conflict(ErrorCode.KEY_REVOKED, "This key was revoked, which cannot be undone. Create a new key.")
    if "expires_at" in changes:
        check_expiry(fields["expires_at"])
    assign(key, fields)
    key.save()
    audit.record(actor=actor, action=AuditAction.API_KEY_ISSUE, target=key, changes=changes)
    return key


@transaction.atomic
def delete_key(*, actor: Actor, key: ApiKey) -> None:
    """Delete a key. It becomes invalid at once."""
    api_key_policy.ensure("delete", actor, key)
    key = lock_row(key)
    audit.record(actor=actor, action=AuditAction.API_KEY_REVOKE, target=key, changes={"is_deleted": [False, True]})
    key.delete()


@transaction.atomic
def revoke_key(*, actor: Actor, key: ApiKey) -> None:
    """Revoke a key. This process refuses it at once, other processes within a second (see `audit.rights_cache`).

    Revoking a key twice has no effect.
    """
    api_key_policy.ensure("revoke", actor, key)
    if key.mark_revoked():
        audit.record(actor=actor, action=AuditAction.API_KEY_REVOKE, target=key)
