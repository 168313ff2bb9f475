"""Which organisations. `visible_to` is the set form of OrganizationPolicy.can_view."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q

from releasehub.core.actor import Actor

SEE_ALL = "accounts.view_organization"


class OrganizationQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Self:
        if actor.bound_download_ids is not None:
            return self.none()
        if actor.has_permission(SEE_ALL):
            return self
        return self.filter(memberships__user=actor.user_id) if actor.user_id else self.none()

    def search(self, text: str) -> Self:
        """By name or slug."""
        return self.filter(Q(name__icontains=text) | Q(slug__icontains=text)) if text else self
