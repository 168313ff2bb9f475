"""Annotate lists of versions with what their rows show: the primary file."""

from django.db.models import OuterRef, Subquery

from files.models import File
from versions.querysets import VersionQuerySet


def with_primary_file(versions: VersionQuerySet) -> VersionQuerySet:
    """Annotate `primary_file_id`: the primary file if it passed validation, else null."""
    primary = File.objects.passed().filter(version=OuterRef("pk"), is_primary=True)
    return versions.annotate(primary_file_id=Subquery(primary.values("pk")[:1]))
