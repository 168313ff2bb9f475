"""Issue, revoke and verify API keys."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from releasehub.accounts.models import User
from releasehub.apikeys import secrets
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.policies import api_key_policy
from releasehub.apikeys.scopes import Scope
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, Denied, DomainError, ErrorCode, Invalid
from releasehub.core.sql_templates import SqlTemplate

INACTIVE = "This API key was revoked, has expired, or its user no longer has the rights it needs. Issue a new key."
LAST_USED_EVERY = timedelta(minutes=1)

_by_digest: SqlTemplate[ApiKey] = SqlTemplate(
    lambda digest: ApiKey.objects.select_related("user").filter(digest=digest).order_by(), digest="a digest"
)


class UnknownKey(DomainError):
    """No such key: never made, mistyped, or gone with its user."""


class InactiveKey(DomainError):
    """Revoked, expired, or its user is not active."""


@transaction.atomic
def issue_key(
    *,
    actor: Actor,
    user: User,
    name: str,
    scopes: Iterable[str] = (),
    download_ids: Collection[int] = (),
    expires_at: datetime | None = None,
    is_super_user: bool = False,
) -> tuple[ApiKey, str]:
    """The key row and the secret, which exists only in this answer.

    Raises:
        Denied: The actor may not issue this key.
        Invalid: An unknown scope, an expiry in the past, or a super-user key for a user who is not an administrator.
    """
    if not api_key_policy.can_issue(actor, for_user_id=user.pk, is_super_user=is_super_user):
        raise Denied
    if is_super_user and not user.is_superuser:
        message = f"{user} is not a site administrator, so a super-user key of this user could not be used."
        raise Invalid(ErrorCode.INVALID, message, field="is_super_user")
    wanted = _known_scopes(scopes)
    _check_expiry(expires_at)
    secret = secrets.new_secret()
    key = ApiKey.objects.create(
        user=user,
        name=name,
        digest=secrets.digest(secret),
        prefix=secret[: secrets.DISPLAY_LENGTH],
        scopes=wanted,
        download_ids=sorted(set(download_ids)),
        is_super_user=is_super_user,
        expires_at=expires_at,
    )
    details = {"user": user.pk, "scopes": wanted, "download_ids": key.download_ids, "is_super_user": is_super_user}
    audit.record(actor=actor, action=AuditAction.API_KEY_ISSUE, target=key, changes=details)
    return key, secret


@transaction.atomic
def update_key(*, actor: Actor, key: ApiKey, **fields: Any) -> ApiKey:
    """Name, scopes, expiry; in force with the next request. Other scopes are written down as a new issue.

    Errors: NotFound, Denied; Invalid; Conflict when it is revoked, which is for ever.
    """
    api_key_policy.ensure("edit", actor, key)
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("user").get(pk=key.pk)
    if "scopes" in fields:
        fields["scopes"] = _known_scopes(fields["scopes"])
    changes = audit.changed_fields(key, fields)
    if not changes:
        return key
    if key.revoked_at is not None:
        raise Conflict(ErrorCode.KEY_REVOKED, "This key is revoked for ever. Make a new one.")
    if "expires_at" in changes:
        _check_expiry(fields["expires_at"])
    assign(key, fields)
    key.save()
    audit.record(actor=actor, action=AuditAction.API_KEY_ISSUE, target=key, changes=changes)
    return key


@transaction.atomic
def delete_key(*, actor: Actor, key: ApiKey) -> None:
    """Revoked, and shown no more.  Errors: NotFound, Denied."""
    api_key_policy.ensure("delete", actor, key)
    audit.record(actor=actor, action=AuditAction.API_KEY_REVOKE, target=key, changes={"is_deleted": [False, True]})
    key.delete()


@transaction.atomic
def revoke_key(*, actor: Actor, key: ApiKey) -> None:
    """In force with the next request on every process: each reads the row. Revoking twice is harmless."""
    api_key_policy.ensure("revoke", actor, key)
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(actor=actor, action=AuditAction.API_KEY_REVOKE, target=key)
    key.refresh_from_db()


def verify_key(secret: str) -> ApiKey:
    """The key with its user, in one query; a key that cannot be right costs none.

    Errors: UnknownKey, InactiveKey.
    """
    if not secrets.is_well_formed(secret):
        raise UnknownKey(ErrorCode.NOT_FOUND, "API key provided in request was not found.")
    key = _by_digest.first(digest=secrets.digest(secret))
    if key is None:
        raise UnknownKey(ErrorCode.NOT_FOUND, "API key provided in request was not found.")
    if not key.is_usable:
        raise InactiveKey(ErrorCode.NOT_ALLOWED, INACTIVE)
    _note_use(key)
    return key


def _known_scopes(scopes: Iterable[str]) -> list[str]:
    wanted = sorted(set(scopes))
    if unknown := [scope for scope in wanted if scope not in Scope.values]:
        raise Invalid(ErrorCode.KEY_SCOPE_UNKNOWN, f"Unknown scope: {', '.join(unknown)}.", field="scopes")
    return wanted


def _check_expiry(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid(ErrorCode.INVALID, "The expiry lies in the past.", field="expires_at")


def _note_use(key: ApiKey) -> None:
    """At most one write a minute and key, however many processes serve it."""
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - LAST_USED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
