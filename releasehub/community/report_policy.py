"""The permission policy of reports."""

from typing import Any

from django.conf import settings

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.community.models import Comment, Report, Review
from releasehub.community.policies import contribution_policy
from releasehub.community.querysets import may_read_reports
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, NotFound
from releasehub.core.policy import Policy
from versions.models import Version
from versions.policies import version_policy

Reportable = Download | Version | Comment | Review
POLICIES: dict[type[Reportable], Policy[Any]] = {
    Download: download_policy,
    Version: version_policy,
    Comment: contribution_policy,
    Review: contribution_policy,
}


class ReportPolicy(Policy[Report]):
    """Everybody who sees something may report it. Only moderators close reports, and see them together with auditors.

    The people behind a download do not learn that it was reported, and neither does the author of a text.
    """

    def can_view(self, actor: Actor, target: Report) -> bool:
        return self.can_list(actor)

    def can_list(self, actor: Actor) -> bool:
        return may_read_reports(actor)

    def can_edit(self, actor: Actor, target: Report) -> bool:
        """Return False: a report stays as its author wrote it."""
        return False

    def can_close(self, actor: Actor, target: Report) -> bool:
        return download_policy.is_moderator(actor)

    def needs_account(self, actor: Actor) -> bool:
        """Return whether the actor has to sign in to report something."""
        return actor.user is None and not settings.ANONYMOUS_REPORTS

    def ensure_report(self, actor: Actor, target: Reportable) -> None:
        """Check that the actor may report the target.

        Raises:
            NotFound: The actor may not see the target, or it is deleted.
            Denied: The hub accepts no reports of anonymous visitors.
        """
        policy = POLICIES[type(target)]
        if not policy.can_view(actor, target) or policy.is_deleted(target):
            raise NotFound
        if self.needs_account(actor):
            raise Denied("Sign in to report this.")


report_policy = ReportPolicy()
