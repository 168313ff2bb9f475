"""Who acts, and through what: the one thing every policy and service is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from releasehub.accounts.models import User


class Origin(models.TextChoices):
    WEB = "web"
    API = "api"
    ADMIN = "admin"
    CLI = "cli"
    SYSTEM = "system"


@dataclass(kw_only=True)
class Actor:
    """The acting user (or none), how they came, and what narrows or widens their rights.

    `bound_download_ids`: an API key bound to downloads sees and touches nothing else (None: not bound).
    `granted_download_ids`: downloads opened by a valid access key.
    `facts`: what policies looked up for this actor, kept for the length of one request.
    """

    user: User | None = None
    origin: Origin = Origin.WEB
    is_super_key: bool = False
    api_key_id: int | None = None
    bound_download_ids: frozenset[int] | None = None
    granted_download_ids: frozenset[int] = frozenset()
    request_id: str = ""
    address: str | None = None
    facts: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user else None

    @property
    def grantor(self) -> User | None:
        """The user whose rights a share, a key or an endpoint depends on from now on.

        None for a super-user key: what it grants rests on the rights of the site, whomever it acts for.
        """
        return None if self.is_super_key else self.user

    @property
    def is_anonymous(self) -> bool:
        """Return whether the request carried no credentials at all, not even an access key of a download."""
        return not (self.user or self.is_super_key or self.api_key_id or self.granted_download_ids)

    @property
    def is_superuser(self) -> bool:
        """Site administrators and super-user keys pass every policy."""
        return self.is_super_key or bool(self.user and self.user.is_active and self.user.is_superuser)

    def has_permission(self, name: str) -> bool:
        """A staff permission such as `downloads.moderate_download`; only staff have any."""
        if self.is_superuser:
            return True
        if not (self.user and self.user.is_active and self.user.is_staff):
            return False
        return self.user.has_perm(name)

    @property
    def label(self) -> str:
        if self.user:
            return self.user.get_username()
        return "super-user key" if self.is_super_key else self.origin.value


def system_actor() -> Actor:
    """The hub itself: scheduled work and commands."""
    return Actor(origin=Origin.SYSTEM, is_super_key=True)
