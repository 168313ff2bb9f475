"""The actor of a request: on whose behalf it acts, where it came from, and what limits or extends its rights.

Every policy and every service takes an actor, whichever interface the request came through.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import models

from releasehub.core.logs import current_request_id

if TYPE_CHECKING:
    from releasehub.accounts.models import User

_locks_taken: ContextVar[int] = ContextVar("locks_taken", default=0)


class Origin(models.TextChoices):
    """The interface through which a request came. It has nothing to do with the release channel of a version."""

    WEB = "web"
    API = "api"
    ADMIN = "admin"
    CLI = "cli"
    SYSTEM = "system"


@dataclass(kw_only=True)
class Actor:
    """The user on whose behalf a request acts, together with the credentials that limit or extend the user's rights.

    Attributes:
        user: The acting user, or None for an anonymous visitor, a super-user key or the system.
        origin: The interface through which the request came.
        is_super_key: Whether a super-user API key was used, which passes every policy, as tasks and commands do.
        bound_download_ids: The only downloads that the API key can access, or None if it is not bound to any.
        granted_download_ids: Downloads that a valid access key opens.
        request_id: The id of the request in logs and in the audit log.
        facts: A cache for what is looked up about this actor. It lives as long as the request.
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
    def rights(self) -> dict[Any, Any]:
        """A cache for the rights that policies look up. It is empty after each lock, see `forget_rights`."""
        number, rights = self.facts.get("rights", (None, {}))
        if number != _locks_taken.get():
            rights = {}
            self.facts["rights"] = _locks_taken.get(), rights
        return rights

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user else None

    @property
    def grantor(self) -> User | None:
        """Return the user on whose rights a new share, key or webhook endpoint depends from now on.

        None for a super-user key: what it creates depends on no user, even if the key acts on behalf of one.
        """
        return None if self.is_super_key else self.user

    @property
    def is_anonymous(self) -> bool:
        """Return whether the request carried no credentials at all, not even an access key of a download."""
        return not (self.user or self.is_super_key or self.api_key_id or self.granted_download_ids)

    @property
    def is_superuser(self) -> bool:
        """Return whether the actor passes every policy, as site administrators and super-user keys do."""
        return self.is_super_key or bool(self.user and self.user.is_active and self.user.is_superuser)

    def has_permission(self, name: str) -> bool:
        """Return whether the actor has a staff permission such as `downloads.moderate_download`.

        Only active members of the staff can have one, so a permission that Django stores for another user is ignored.
        """
        if self.is_superuser:
            return True
        if not (self.user and self.user.is_active and self.user.is_staff):
            return False
        return self.user.has_perm(name)

    def for_user(self, user: User) -> Actor:
        """Return an actor for a user who has just been identified during this request."""
        return Actor(user=user, origin=self.origin, request_id=self.request_id, address=self.address)

    @property
    def label(self) -> str:
        """Return the name of the actor for the audit log."""
        if self.user:
            return self.user.get_username()
        return "super-user key" if self.api_key_id and self.is_super_key else self.origin.value


def system_actor() -> Actor:
    """Return the actor for scheduled tasks and commands, which may do everything."""
    return Actor(origin=Origin.SYSTEM, is_super_key=True, request_id=current_request_id())


def forget_rights() -> None:
    """Let policies look up rights again, because this request took a lock: they may have ended while it waited."""
    _locks_taken.set(_locks_taken.get() + 1)
