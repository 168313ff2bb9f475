"""Annotate lists of downloads and versions with what their rows show: the current version and the primary file."""

from __future__ import annotations

from django.db.models import CharField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from downloads.models import Download
from downloads.querysets import DownloadQuerySet
from files.models import File
from releasehub.distribution.latest import candidates
from versions.channels import ORDER, offered_to
from versions.models import Version
from versions.querysets import VersionQuerySet


def with_current_version(downloads: DownloadQuerySet) -> QuerySet[Download]:
    """Annotate `current_version_id`: the active version if it is published, else the latest on the default channel."""
    # The default channel differs from row to row, so the rule of `offered_to` is written out as conditions in the SQL.
    follows = ExpressionWrapper(OuterRef("default_channel"), output_field=CharField())
    followed = Q(channel=OuterRef("default_channel"))
    for channel in ORDER[1:]:
        followed |= Q(follows=channel, channel__in=offered_to(channel))
    active = Version.objects.offerable().filter(download=OuterRef("pk"), is_active=True)
    latest = (
        candidates()
        .annotate(follows=follows)
        .filter(followed, download=OuterRef("pk"))
        .order_by("-sort_key", "is_twin", "-id")
    )
    annotated: QuerySet[Download] = downloads.annotate(
        current_version_id=Coalesce(Subquery(active.values("pk")[:1]), Subquery(latest.values("pk")[:1]))
    )
    return annotated


def with_primary_file(versions: VersionQuerySet) -> VersionQuerySet:
    """Annotate `primary_file_id`: the primary file if it passed validation, else null."""
    primary = File.objects.passed().filter(version=OuterRef("pk"), is_primary=True)
    annotated: VersionQuerySet = versions.annotate(primary_file_id=Subquery(primary.values("pk")[:1]))
    return annotated
