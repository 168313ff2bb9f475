"""What answers need beside the rows themselves, fetched for a whole page at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.conf import settings
from django.db import models

from downloads.models import Download, StorePublication
from files.models import File
from files.primary import preference
from releasehub.accounts.models import Membership, Organization
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.roles import role_of
from releasehub.accounts.services import PLATFORM
from releasehub.core.actor import Actor
from releasehub.distribution.delivery import icon_address
from versions.models import Version

WITH_ICON = ("category", "owner", "stored_icon__blob")


def dress_entities(entities: Iterable[Download], base_url: str) -> None:
    """With the address of each icon; no query, the rows bring WITH_ICON."""
    for entity in cast("Iterable[Any]", entities):
        icon = getattr(entity, "stored_icon", None)
        url = icon_address(icon).url if icon else None
        entity.shown_icon = base_url + url if url and url.startswith("/") else url


def dress_versions(versions: Sequence[Version], entity: Download) -> Sequence[Version]:
    """With size and digest of the package, and whether there is a lockfile; one query."""
    rows = File.objects.filter(version__in=[version.pk for version in versions]).select_related("blob")
    files: dict[int, list[File]] = {}
    for file in rows.exclude(validation_status=File.Validation.FAILED).order_by("id"):
        files.setdefault(file.version_id, []).append(file)
    for version in cast("Sequence[Any]", versions):
        version.download = entity
        mine = files.get(version.pk, [])
        package = package_of(mine)
        version.package_bytes = package.size_bytes if package else None
        version.package_sha256 = package.blob.sha256 if package and package.blob else None
        version.has_lockfile = any(file.kind == File.Kind.LOCKFILE for file in mine)
    return versions


def package_of(files: Iterable[File]) -> File | None:
    """Return the primary file, or the one that would be primary if only these were there."""
    return min(files, key=lambda file: (not file.is_primary, preference(file)), default=None)


def with_active(publications: models.QuerySet[StorePublication]) -> models.QuerySet[StorePublication]:
    """`active_number` and `active_id` of the version that members get."""
    active = Version.objects.offerable().filter(download=models.OuterRef("download"), is_active=True)
    return publications.annotate(
        active_number=models.Subquery(active.values("number")[:1]),
        active_id=models.Subquery(active.values("public_id")[:1]),
    ).select_related("organization", *(f"download__{name}" for name in WITH_ICON))


def dress_members(members: Sequence[Membership], organization: Organization, actor: Actor) -> Sequence[Membership]:
    """Addresses are for who administers members, and each for its owner."""
    sees = organization_policy.can_invite(actor, organization) or organization_policy.can_manage_roles(
        actor, organization
    )
    for member in cast("Sequence[Any]", members):
        member.organization = organization
        member.shown_role = role_of(member)
        member.shown_email = member.user.email if sees or member.user_id == actor.user_id else None
    return members


def storage_config() -> dict[str, Any]:
    """The same for all: the hub's own storage, whose place is the operator's business."""
    region = settings.STORAGES["releases"]["OPTIONS"].get("region_name")
    return {
        "provider": PLATFORM,
        "is_platform_managed": True,
        "bucket_name": None,
        "endpoint": None,
        "region": region,
    }
