"""Conditions of the transition table. A condition selects a row: it returns whether the row applies.

The docstrings of this module are printed into docs/lifecycle.md, so each of them states the fact that must hold.
"""

from downloads.policies import download_policy
from releasehub.publishing.context import Context


def needs_approval(context: Context) -> bool:
    """The category asks for approval and the actor is not a moderator."""
    return download_policy.needs_approval(context.actor, context.version.download.category)


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
