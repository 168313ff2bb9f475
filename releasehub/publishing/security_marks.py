"""The mark of a security release vouches for the files of a version, so only those who may set it add files to it."""

from releasehub.apikeys.policies import key_has_scope
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor, system_actor
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from versions.models import Version
from versions.policies import version_policy

REASON = "A file was added by a user or an API key that may not mark security releases."


def end_unvouched_mark(actor: Actor, version: Version) -> None:
    """Remove the mark after an actor who may not set it has added or restored a file.

    Otherwise a stolen key of a build machine could give clients with a cooldown other files at once.
    """
    if not version.is_security_release:
        return
    if version_policy.can_mark_security(actor, version) and key_has_scope(actor, Scope.VERSION_MARK_SECURITY):
        return
    move(Move.UNMARK_SECURITY, actor=system_actor(), version=version, reason=REASON)
