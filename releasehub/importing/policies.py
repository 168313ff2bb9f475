"""The permissions on imports: a user who may post versions to a download may import into it."""

from django.db.models import QuerySet

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy
from releasehub.importing.models import ImportSource


class ImportSourcePolicy(Policy[ImportSource]):
    """The rules for sources of imports. They follow from the rights on the download."""

    def can_view(self, actor: Actor, target: ImportSource) -> bool:
        return download_policy.allows("post_version", actor, target.download)

    def can_create(self, actor: Actor, download: Download) -> bool:
        return download_policy.allows("post_version", actor, download)

    can_change = can_run = can_view


def visible_sources(actor: Actor) -> QuerySet[ImportSource]:
    """Return the rows for which ImportSourcePolicy.can_view is true, in downloads that are not deleted."""
    return ImportSource.objects.filter(download__in=Download.objects.postable_by(actor))


import_policy = ImportSourcePolicy()
