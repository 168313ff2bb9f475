"""Querysets that select versions and labels by state and permission.

`visible_to` selects the rows for which the policy's `can_view` is true; a test checks that both always agree.
"""

from functools import reduce
from operator import or_
from typing import Any, Self

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Sum, Value, When
from django.utils import timezone

from downloads.models import Download
from downloads.policies import download_policy
from downloads.querysets import MANAGE_VERSIONS, sees_everything
from releasehub.core.actor import Actor
from releasehub.core.querysets import SoftDeleteQuerySet, first_of_each_value
from versions.conditions import is_listed, is_released, is_shown
from versions.cooldown import Cooldown
from versions.numbering import ceiling
from versions.platforms import platform_key, platform_spellings
from versions.tag_names import LAST_CHARACTER, tag_name
from versions.tags import tag_of_number


class VersionQuerySet(SoftDeleteQuerySet[Any]):
    """Versions, with the filters that lists, links and update checks share."""

    def released(self) -> Self:
        """Published or archived versions that are not private. The visibility of the download is not considered."""
        return self.filter(is_released())

    def listed(self) -> Self:
        """Released versions that lists show. An unlisted version can be reached by its URL only."""
        return self.filter(is_listed())

    def offerable(self) -> Self:
        """Versions that may be offered as the newest one, as far as the version itself decides.

        Whether a version has a suitable file is decided by `releasehub.distribution.latest.candidates`.
        """
        return self.alive().filter(state="published", visibility="listed", yanked_at__isnull=True)

    def after_cooldown(self, cooldown: Cooldown | None) -> Self:
        """Versions that have been public for as long as the client asks, and security releases if it accepts them."""
        if cooldown is None:
            return self
        is_offered = Q(public_since__lte=cooldown.public_before)
        if cooldown.exempts_security:
            is_offered |= Q(is_security_release=True)
        return self.filter(is_offered)

    def visible_to(self, actor: Actor) -> Self:
        """Rows for which VersionPolicy.can_view is true, deleted ones included."""
        return self.filter(is_shown(actor, is_released()))

    def listed_to(self, actor: Actor) -> Self:
        """Rows of `visible_to` that lists show to the actor."""
        return self.filter(is_shown(actor, is_listed()))

    def listed_in(self, actor: Actor, download: Download) -> Self:
        """Rows of `listed_to` in one download that the actor may see, selected without joins."""
        rows = self.filter(download=download)
        return rows.alive() if download_policy.reads_inside(actor, download) else rows.listed()

    def visible_in(self, actor: Actor, download: Download) -> Self:
        """Rows of `visible_to` in one download that the actor may see, without joins and without deleted ones."""
        rows = self.filter(download=download)
        return rows.alive() if download_policy.reads_inside(actor, download) else rows.released()

    def restorable_by(self, actor: Actor) -> Self:
        """Deleted rows that VersionPolicy.can_restore allows."""
        return self.deleted().filter(download__in=Download.all_objects.inside_for(actor, MANAGE_VERSIONS))

    def search(self, text: str) -> Self:
        rows = self
        for word in text.split()[:8]:
            matches = Q(title__icontains=word) | Q(number__icontains=word) | Q(tag__icontains=word)
            matches |= Q(release_notes__icontains=word) | Q(download__title__icontains=word)
            rows = rows.filter(matches)
        return rows

    def with_tag(self, tag: str) -> Self:
        numbers = [text for text in {tag, tag.removeprefix("v")} if tag_of_number(text) == tag]
        return self.filter(Q(tag=tag) | Q(tag="", number__in=numbers))

    def with_tag_prefix(self, prefix: str) -> Self:
        if not prefix:
            return self
        end = f"{prefix}{LAST_CHARACTER}"
        return self.alias(sent_or_derived=tag_name()).filter(sent_or_derived__gte=prefix, sent_or_derived__lt=end)

    def suiting(self, platform: str) -> Self:
        """Versions that are for the platform, in any spelling, or declare no platform; the best match comes first."""
        spellings = platform_spellings(platform)
        declared = reduce(or_, (Q(platform_keys__holds=spelling) for spelling in spellings))
        return self.filter(declared | Q(platform_keys=[])).order_by(_names_exactly(platform), "is_twin", "-id")

    def of_newest_first(self, platform: str = "") -> Self:
        """Order by number. Of several versions with a number, the best match of the platform comes first."""
        match = [_names_exactly(platform)] if platform else []
        return self.order_by("-sort_key", *match, "is_twin", "-id")

    def channels(self, limit: int) -> dict[str, str]:
        """Return the first channels of these versions of one download, with their spelling for people."""
        rows = self.order_by("channel", "-sort_key").values("channel", "channel_name")
        newest = first_of_each_value(rows, "channel", limit)
        return {row["channel"]: row["channel_name"] or row["channel"] for row in newest}

    def newer_than(self, number: str, scheme: str = "") -> Self:
        """Versions that are newer than a number, which may be abbreviated: 1.5 is newer than 1.4, but 1.4.2 is not."""
        return self.filter(sort_key__gte=ceiling(number, scheme))

    def due(self) -> Self:
        """Scheduled versions whose time has come, except in deleted downloads."""
        rows = self.alive().filter(state="scheduled", publish_at__lte=timezone.now())
        return rows.filter(download__deleted_at__isnull=True)


def _names_exactly(platform: str) -> Case:
    """Return a criterion of an order: versions that name the platform before those that another spelling finds."""
    return Case(When(platform_keys__holds=platform_key(platform), then=Value(0)), default=Value(1))


def listed_total(actor: Actor, download: Download) -> int:
    """Return how many rows `listed_in` has, from the counts that are stored on the download, without a query."""
    if download.is_deleted:
        return 0
    return download.version_count if download_policy.reads_inside(actor, download) else download.listed_version_count


def listed_total_of_all(actor: Actor) -> int:
    """Return how many rows `listed_to` has in downloads that are not deleted, from the counts stored on them."""
    downloads = Download.objects.visible_to(actor)
    inside = Q(pk__in=Download.objects.read_inside_by(actor).values("pk"))
    count: Any = Case(When(inside, then=F("version_count")), default=F("listed_version_count"))
    if sees_everything(actor):
        downloads, count = Download.objects.all(), F("version_count")
    return int(downloads.order_by().aggregate(total=Sum(count))["total"] or 0)


class LabelQuerySet(models.QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Self:
        """Rows for which LabelPolicy.can_view is true."""
        if sees_everything(actor):
            return self
        links = self.model.downloads.through.objects.filter(**{self.model._meta.model_name: OuterRef("pk")})
        is_attached = Q(Exists(links.filter(download__in=Download.objects.visible_to(actor))))
        if actor.user_id or actor.is_superuser:
            return self.filter(is_attached | Q(is_general=True))
        return self.filter(is_attached)

    def search(self, text: str) -> Self:
        rows = self
        for word in text.split()[:8]:
            matches = Q(name__icontains=word) | Q(display_name__icontains=word) | Q(description__icontains=word)
            rows = rows.filter(matches)
        return rows
