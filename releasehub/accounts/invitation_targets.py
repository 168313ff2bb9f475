"""The things that a user can be invited to. The layer that owns a kind of target registers how it works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from django.db import models

from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound

if TYPE_CHECKING:
    from releasehub.accounts.models import Invitation, Organization

Rights = Sequence[str]


class InvitationTarget(Protocol):
    """The part of invitations that depends on the kind of target."""

    def find(self, target_id: int) -> models.Model | None:
        """Return the target, or None if it was deleted."""

    def lock(self, target_id: int) -> models.Model:
        """Return the target, locked until the transaction ends. Raises NotFound if it was deleted."""

    def can_invite(self, actor: Actor, target: Any) -> bool:
        """Return whether the actor may invite somebody with any rights."""

    def ensure_can_invite(self, actor: Actor, target: Any, rights: Rights) -> None:
        """Raise a DomainError if the actor may not invite somebody with these rights."""

    def ensure_is_new(self, target: Any, invited: str) -> None:
        """Raise Conflict if somebody whom the inviter sees among the members has this name or e-mail address."""

    def required_organization(self, target: Any) -> Organization | None:
        """Return the organization to which users have to belong before they can accept, if there is one."""

    def join(self, actor: Actor, target: Any, rights: Rights) -> dict[str, Any]:
        """Give the rights to the acting user, who accepted an invitation, and return the changes for the audit log."""

    def describe(self, target: Any, rights: Rights) -> tuple[str, str]:
        """Return the title of the target, and the rights in words. Raises NotFound if the role in them was deleted."""


_targets: dict[str, InvitationTarget] = {}


def register_invitation_target(kind: str, target: InvitationTarget) -> None:
    """Make it possible to invite to this kind of target."""
    _targets[kind] = target


def target_of(kind: str) -> InvitationTarget:
    """Return how invitations to this kind of target work."""
    return _targets[kind]


def description_of(invitation: Invitation) -> tuple[str, str] | None:
    """Return the title of the target and the rights in words, or None if the target or the role was deleted."""
    handler = target_of(invitation.kind)
    target = handler.find(invitation.target_id)
    try:
        return None if target is None else handler.describe(target, invitation.rights)
    except NotFound:
        return None
