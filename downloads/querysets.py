"""Querysets that select categories and downloads by permission and exposure.

`visible_to` selects the rows for which the policy's `can_view` is true; a test checks that both always agree.
"""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce, Now
from tree_queries.query import TreeQuerySet

from downloads.models.access import MODERATE, READ_EVERYTHING, Share, StorePublication, TeamMember
from downloads.models.access_key import AccessKey
from releasehub.apikeys.expiring import is_usable
from releasehub.core.actor import Actor
from releasehub.core.querysets import SoftDeleteQuerySet
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate

ENTITIES = "entities"
MANAGE_TEAM = "can_manage_team"
MANAGE_VERSIONS = "can_manage_versions"
PUBLISHER_FLAGS = ("can_upload", MANAGE_VERSIONS)


class CategoryQuerySet(TreeQuerySet):
    def visible_to(self, actor: Actor) -> Self:
        """Rows for which CategoryPolicy.can_view is true."""
        return self if actor.user or actor.is_superuser else self.filter(is_members_only=False)

    def with_download_count(self, downloads: DownloadQuerySet) -> Self:
        """Add `visible_download_count`: how many of `downloads` are directly in the category."""
        counts = (
            downloads.filter(category=OuterRef("pk"))
            .order_by()
            .values("category")
            .annotate(total=models.Count("pk"))
            .values("total")
        )
        return self.annotate(
            visible_download_count=Coalesce(models.Subquery(counts), 0, output_field=models.IntegerField())
        )


class DownloadQuerySet(SoftDeleteQuerySet[Any]):
    """Downloads, with the filters that lists, links and policies share."""

    def visible_to(self, actor: Actor) -> Self:
        """Rows for which DownloadPolicy.can_view is true, deleted ones included."""
        rows = self.within_binding(actor)
        if reads_everything(actor):
            return rows
        condition = Q(pk__in=actor.granted_download_ids, state="visible") | open_to(actor)
        condition &= Q(deleted_at__isnull=True)
        if actor.user_id is not None:
            condition |= Q(owner_id=actor.user_id)
            condition |= Q(on_team(actor.user_id), deleted_at__isnull=True)
        return rows.filter(condition)

    def restorable_by(self, actor: Actor) -> Self:
        """Deleted rows that DownloadPolicy.can_restore allows."""
        rows = self.deleted().within_binding(actor)
        return rows if actor.has_permission(MODERATE) else rows.filter(owner_id=actor.user_id)

    def inside_for(self, actor: Actor, *flags: str) -> Self:
        """Rows of which the actor is owner, moderator, or team member, with one of `flags` if any are given."""
        if actor.has_permission(MODERATE):
            return self.within_binding(actor)
        return self.worked_on_by(actor, *flags)

    def read_inside_by(self, actor: Actor, *flags: str) -> Self:
        """Rows of `inside_for`, and all rows for staff who may read everything without changing it."""
        return self.within_binding(actor) if reads_everything(actor) else self.worked_on_by(actor, *flags)

    def worked_on_by(self, actor: Actor, *flags: str) -> Self:
        """Rows that the user owns or is on the team of, with one of `flags` if any are given.

        Unlike `inside_for`, this selects no other downloads for moderators.
        """
        if actor.user_id is None:
            return self.none()
        mine = Q(owner_id=actor.user_id) | Q(on_team(actor.user_id, *flags), deleted_at__isnull=True)
        return self.within_binding(actor).filter(mine)

    def entities(self, kind: str = "") -> Self:
        """Downloads of the category `entities`, of all kinds or of one kind."""
        rows = self.filter(category__slug=ENTITIES)
        return rows.filter(kind=kind) if kind else rows

    def team_managed_by(self, actor: Actor) -> Self:
        """Rows that DownloadPolicy.can_view and can_manage_team allow: deleted ones to site administrators only."""
        return self.within_binding(actor) if actor.is_superuser else self.inside_for(actor, MANAGE_TEAM).alive()

    def postable_by(self, actor: Actor) -> Self:
        """Rows to which DownloadPolicy.can_post_version allows a new version, apart from deleted rows."""
        return self.inside_for(actor, *PUBLISHER_FLAGS).alive()

    def versions_managed_by(self, actor: Actor) -> Self:
        """Rows that DownloadPolicy.can_manage_versions allows, apart from deleted rows."""
        return self.inside_for(actor, MANAGE_VERSIONS).alive()

    def with_slug(self, *slugs: str) -> Self:
        """Downloads that have one of these slugs, or had it in public before they were renamed."""
        past = self.model._meta.get_field("public_slugs").related_model.objects.filter(slug__in=slugs)
        now = self.model.all_objects.filter(slug__in=slugs).order_by()
        # A union, because PostgreSQL answers an OR between a column and a subquery by reading all downloads.
        return self.filter(pk__in=now.values("pk").union(past.filter(download__isnull=False).values("download")))

    def exposed(self) -> Self:
        """Downloads that outsiders can see: by visibility, a share, an access key or a store.

        A share, key or publication in a store that lost its force with the rights of its creator counts, because it may
        get its force back.
        A preview link does not count: what it shows is not public yet, and may change until it is.
        """
        has_recipients = Q(Exists(Share.objects.filter(download=OuterRef("pk"))))
        keys = AccessKey.objects.filter(is_usable(Now()), download=OuterRef("pk"), version_id=None)
        has_recipients |= Q(Exists(keys))
        in_store = Q(Exists(StorePublication.objects.filter(download=OuterRef("pk"))))
        opened = Q(visibility__in=["public", "members"]) | Q(in_store, visibility="organization")
        return self.alive().filter(opened | has_recipients, state="visible")

    def within_binding(self, actor: Actor) -> Self:
        """Rows that the actor's API key is bound to; all rows if the key is not bound or there is no key."""
        return self if actor.bound_download_ids is None else self.filter(pk__in=actor.bound_download_ids)

    def featured(self) -> Self:
        """Downloads that the front page shows first, in their order."""
        return self.filter(featured_order__isnull=False).order_by("featured_order", "id")

    def search(self, text: str) -> Self:
        rows = self
        for word in text.split()[:8]:
            rows = rows.filter(Q(title__icontains=word) | Q(tag_line__icontains=word) | Q(description__icontains=word))
        return rows


def reads_everything(actor: Actor) -> bool:
    """Return whether the actor sees every row that the API key is not bound away from: moderators and auditors."""
    return actor.has_permission(MODERATE) or actor.has_permission(READ_EVERYTHING)


def sees_everything(actor: Actor) -> bool:
    """Return whether the actor sees every row, so that no filter is needed."""
    return actor.bound_download_ids is None and reads_everything(actor)


def open_to(actor: Actor) -> Q:
    """Match downloads that the actor sees without a role: by their visibility, or because they are shared."""
    if actor.user_id is None:
        return Q(state="visible", visibility="public", category__is_members_only=False)
    condition = Q(visibility__in=["public", "members"]) | Q(in_store_of(actor.user_id), visibility="organization")
    condition |= Q(pk__in=_shared.subquery(user=actor.user_id))
    return Q(condition, state="visible")


_shared: SqlTemplate[Share] = SqlTemplate(
    lambda user: Share.objects.in_force().filter(user=user).values("download"), user=SAMPLE_ID
)


def on_team(user_id: int, *flags: str) -> Q:
    """Match downloads that have the user on their team, with one of `flags` if any are given.

    Team members of an organization's download count only while they belong to the organization.
    """
    return Q(pk__in=_team_rows(flags).subquery(user=user_id))


@cache
def _team_rows(flags: tuple[str, ...]) -> SqlTemplate[TeamMember]:
    has_flag = reduce(or_, (Q(**{flag: True}) for flag in flags), Q())
    return SqlTemplate(
        lambda user: TeamMember.objects.in_force().filter(has_flag, user=user).values("download"), user=SAMPLE_ID
    )


def in_store_of(user_id: int) -> Q:
    """Match downloads in a store that the user may use: a public one, or one of the user's organizations."""
    stores = StorePublication.objects.in_force().filter(download=OuterRef("pk"))
    mine = stores.filter(organization__memberships__user=user_id)
    return Q(Exists(stores.filter(is_public=True))) | Q(Exists(mine))


def opened_by_stores(download_id: int) -> Q:
    """Match users who may use a store that has the download. This is `in_store_of` for users instead of downloads."""
    stores = StorePublication.objects.in_force().filter(download=download_id)
    mine = stores.filter(organization__memberships__user=OuterRef("pk"))
    return Q(Exists(stores.filter(is_public=True))) | Q(Exists(mine))
