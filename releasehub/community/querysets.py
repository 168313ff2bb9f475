"""Querysets that select comments, reviews and reports by permission.

`visible_to` selects the rows for which the policy's `can_view` is true; a test checks that both always agree.
"""

from typing import Any, Self

from django.db.models import Q, QuerySet

from downloads.models import Download
from downloads.policies import download_policy
from downloads.querysets import reads_everything, sees_everything
from releasehub.core.actor import Actor
from releasehub.core.querysets import SoftDeleteQuerySet

READ_REPORTS = "community.view_report"


class ContributionQuerySet(SoftDeleteQuerySet[Any]):
    def shown(self) -> Self:
        """Rows that every user who sees the download sees."""
        return self.alive().filter(state="visible")

    def visible_to(self, actor: Actor) -> Self:
        """Rows for which ContributionPolicy.can_view is true, deleted ones included."""
        if sees_everything(actor):
            return self
        rows = self.filter(download__in=Download.all_objects.visible_to(actor).values("pk"))
        if reads_everything(actor):
            return rows
        condition = Q(state="visible") | Q(download__in=Download.all_objects.read_inside_by(actor).values("pk"))
        if actor.user_id is not None:
            condition |= Q(author=actor.user_id)
        return rows.alive().filter(condition)

    def listed_in(self, actor: Actor, download: Download) -> Self:
        """Rows of `visible_to` in one download that the actor may see, without joins and without deleted ones."""
        rows = self.alive().filter(download=download)
        if download_policy.reads_inside(actor, download):
            return rows
        if actor.user_id is None:
            return rows.filter(state="visible")
        return rows.filter(Q(state="visible") | Q(author=actor.user_id))

    def rejected_for(self, actor: Actor, download: Download) -> Self:
        """Return the actor's texts about the download that a moderator rejected instead of approving them.

        They are gone for everybody else, and shown to the author with the reason until they are purged.
        """
        if actor.user_id is None:
            return self.none()
        rows = self.deleted().filter(download=download, author=actor.user_id, state="moderated")
        return rows.exclude(deleted_by=actor.user_id)


def may_read_reports(actor: Actor) -> bool:
    return download_policy.is_moderator(actor) or actor.has_permission(READ_REPORTS)


class ReportQuerySet(QuerySet[Any]):
    def visible_to(self, actor: Actor) -> Self:
        """Return the reports for which ReportPolicy.can_view is true."""
        return self if may_read_reports(actor) else self.none()

    def open(self) -> Self:
        return self.filter(state="open")
