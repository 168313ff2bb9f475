"""Query sets of organizations."""

from typing import Any, Self

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils import timezone

from releasehub.core.actor import Actor

SEE_ALL = "accounts.view_organization"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def has_staff_permission(user: str, permission: str) -> Q:
    """Return a filter for rows whose user has a staff permission, as `Actor.has_permission` decides for one user.

    Args:
        user: The name of the field that refers to the user.
        permission: A permission such as `downloads.moderate_download`.
    """
    users = get_user_model()._default_manager
    holders = users.with_perm(permission, backend=MODEL_BACKEND)
    return Q(Exists(holders.filter(Q(is_staff=True) | Q(is_superuser=True), pk=OuterRef(user))))


class OrganizationQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Self:
        """Return the organizations for which `OrganizationPolicy.can_view` is true."""
        if actor.bound_download_ids is not None:
            return self.none()
        if actor.has_permission(SEE_ALL):
            return self
        return self.filter(memberships__user=actor.user_id) if actor.user_id else self.none()

    def search(self, text: str) -> Self:
        return self.filter(Q(name__icontains=text) | Q(slug__icontains=text)) if text else self


class InvitationQuerySet(models.QuerySet[Any]):
    def unanswered(self) -> Self:
        """Return the invitations that a manager of the target sees as pending.

        Declined ones are among them until they expire: otherwise, a refusal would tell that the account exists.
        """
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())

    def pending(self) -> Self:
        """Return the invitations that can be accepted."""
        return self.unanswered().filter(declined_at=None)

    def addressed_to(self, actor: Actor) -> Self:
        """Return the invitations for which `InvitationPolicy.is_addressee` is true.

        An e-mail address that several active users share does not identify one of them, so it is left out.
        """
        if actor.user is None or not actor.user.is_active or actor.bound_download_ids is not None:
            return self.none()
        mine = Q(user=actor.user_id)
        email = actor.user.email.lower()
        if email and not self._is_shared(email, actor.user.pk):
            mine |= Q(user=None, invited_key=email)
        return self.filter(mine)

    def _is_shared(self, email: str, user_id: int) -> bool:
        users = get_user_model()._default_manager.annotate(lower_email=Lower("email"))
        return users.filter(lower_email=email, is_active=True).exclude(pk=user_id).exists()
