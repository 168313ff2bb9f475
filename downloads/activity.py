"""The audit rows of one download that its team may read."""

from django.db import models

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor

# Rows about visitors are left out: refused downloads, reports, comments and reviews.
OF_THE_CONTENT = ("download", "version", "file", "picture", "upload")
# People and secrets. These rows are for those who manage them.
OF_THE_PEOPLE = ("team", "share", "store", "access_key", "endpoint")


def activity_of(actor: Actor, download: Download) -> models.QuerySet[AuditEntry]:
    """Return the rows that the actor may read, newest first."""
    download_policy.ensure("view_activity", actor, download)
    subjects: tuple[str, ...] = OF_THE_CONTENT
    if download_policy.can_manage_team(actor, download):
        subjects += OF_THE_PEOPLE
    return AuditEntry.objects.filter(download_id=download.pk, action__in=actions_about(subjects)).order_by("-id")


def actions_about(subjects: tuple[str, ...]) -> list[str]:
    """Return the actions on these subjects, without attempts that were refused."""
    return [action for action in AuditAction if action.partition(".")[0] in subjects and not action.is_refusal]
