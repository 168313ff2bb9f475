"""Rows that requests of the v3 dialect name, and bulk loading for its serializers."""

from collections.abc import Sequence
from typing import Any

from downloads.access import load_access
from downloads.models import Download
from downloads.policies import download_policy
from releasehub.api.common.loading import files_of
from releasehub.core.actor import Actor
from releasehub.core.querysets import only_row
from versions.models import Version
from versions.policies import version_policy

RELEASE_RELATIONS = ("download__category", "download__owner", "download__organization")


def is_id(text: str) -> bool:
    """Return whether a text may be looked up as an id; anything else is not sent to the database."""
    return text.isascii() and text.isalnum() and len(text) <= 64


def find_product(actor: Actor, public_id: str) -> Download | None:
    """Return the product with this id, or None if there is none that the actor may see."""
    rows = Download.objects.select_related("category")
    product: Download | None = only_row(rows.filter(public_id=public_id)) if is_id(public_id) else None
    return product if product is not None and download_policy.can_view(actor, product) else None


def find_release(actor: Actor, public_id: str) -> Version | None:
    """Return the release with this id and what its files need of it, or None if there is none the actor may see."""
    rows = Version.objects.filter(download__deleted_at__isnull=True).select_related(*RELEASE_RELATIONS)
    release: Version | None = only_row(rows.filter(public_id=public_id)) if is_id(public_id) else None
    return release if release is not None and version_policy.can_view(actor, release) else None


def release_context(actor: Actor, releases: Sequence[Version]) -> dict[str, Any]:
    """Return the context of `V3ReleaseSerializer`, in two queries: the actor's access rights, and the files."""
    load_access(actor, {release.download_id for release in releases})
    return {"files": files_of(actor, releases)}
