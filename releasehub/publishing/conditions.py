"""Conditions of the transition table. A condition selects a row: it returns whether the row applies.

The docstrings of this module are printed into docs/lifecycle.md, so each of them states the fact that must hold.
"""

from downloads.policies import download_policy
from releasehub.accounts.models import User
from releasehub.core.actor import Actor, Origin
from releasehub.publishing.context import Context
from versions.policies import version_policy


def needs_approval(context: Context) -> bool:
    """The category asks for approval and the actor is not a moderator."""
    return download_policy.needs_approval(context.actor, context.version.download.category)


def scheduler_may_not_publish(context: Context) -> bool:
    """The account that scheduled the version was deactivated or may no longer publish it."""
    user = context.version.scheduled_by
    return user is not None and not (
        user.is_active and version_policy.allows("publish", _scheduler(user), context.version)
    )


def scheduler_needs_approval(context: Context) -> bool:
    """The category asks for approval and the account that scheduled the version is not a moderator."""
    user = context.version.scheduled_by
    return user is not None and download_policy.needs_approval(_scheduler(user), context.version.download.category)


def _scheduler(user: User) -> Actor:
    return Actor(user=user, origin=Origin.SYSTEM)


def is_to_be_sealed(context: Context) -> bool:
    """The caller asks for a seal and the version has none yet."""
    return context.seal and context.version.sealed_at is None


def is_active(context: Context) -> bool:
    """The version is the active one of its download."""
    return context.version.is_active


def is_not_yanked(context: Context) -> bool:
    """The version is not yanked."""
    return not context.version.is_yanked


def is_marked_security(context: Context) -> bool:
    """The version is marked as a security release."""
    return context.version.is_security_release


def is_not_marked_security(context: Context) -> bool:
    """The version is not marked as a security release."""
    return not context.version.is_security_release


def has_that_visibility(context: Context) -> bool:
    """The version already has the visibility that the caller asks for."""
    return context.version.visibility == context.visibility


def by_superuser(context: Context) -> bool:
    """The actor is a superuser or uses a super-user key."""
    return context.actor.is_superuser
