"""Bulk loading for the serializers, for a whole page at once; most of it sets attributes of the rows."""

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

ENTITY_RELATIONS = ("category", "owner", "stored_icon__blob")


def load_icons(entities: Iterable[Download], base_url: str) -> None:
    """Set `icon_link`, the absolute URL of the icon, without a query, because the rows come with ENTITY_RELATIONS.

    An icon that was uploaded in this dialect comes first, so that `icon_url` and `icon_hash` belong together.
    """
    for entity in cast("Iterable[Any]", entities):
        icon = getattr(entity, "stored_icon", None)
        url = icon_address(icon).url if icon else entity.picture_path("icon") or None
        entity.icon_link = base_url + url if url and url.startswith("/") else url


def load_packages(versions: Sequence[Version], entity: Download) -> Sequence[Version]:
    """Set size and checksum of the package, and whether there is a lockfile, in one query."""
    usable = File.objects.exclude(validation_status=File.Validation.FAILED)
    has_primary = models.Exists(usable.filter(version=models.OuterRef("version"), is_primary=True).order_by())
    # A version may have a thousand files. The others matter only if none is primary.
    needed = models.Q(is_primary=True) | models.Q(kind=File.FileKind.LOCKFILE) | ~has_primary
    rows = usable.filter(needed, version__in=[version.pk for version in versions]).select_related("blob")
    files: dict[int, list[File]] = {}
    for file in rows.order_by("id"):
        files.setdefault(file.version_id, []).append(file)
    for version in cast("Sequence[Any]", versions):
        version.download = entity
        version_files = files.get(version.pk, [])
        package = package_of(version_files)
        version.package_bytes = package.size_bytes if package else None
        version.package_sha256 = package.blob.sha256 if package and package.blob else None
        version.has_lockfile = any(file.kind == File.FileKind.LOCKFILE for file in version_files)
    return versions


def package_of(files: Iterable[File]) -> File | None:
    """Return the primary file, or the one that would be primary if there were only these files."""
    return min(files, key=lambda file: (not file.is_primary, preference(file)), default=None)


def with_active_versions(publications: models.QuerySet[StorePublication]) -> models.QuerySet[StorePublication]:
    """Annotate publications with `active_number` and `active_id`: the version that members download."""
    active = Version.objects.offerable().filter(download=models.OuterRef("download"), is_active=True)
    return publications.annotate(
        active_number=models.Subquery(active.values("number")[:1]),
        active_id=models.Subquery(active.values("public_id")[:1]),
    ).select_related("organization", *(f"download__{name}" for name in ENTITY_RELATIONS))


def load_members(members: Sequence[Membership], organization: Organization, actor: Actor) -> Sequence[Membership]:
    """Set `effective_role` and `visible_email`: only administrators of members see the e-mail addresses of others."""
    may_see_emails = organization_policy.can_invite(actor, organization) or organization_policy.can_manage_roles(
        actor, organization
    )
    for member in cast("Sequence[Any]", members):
        member.organization = organization
        member.effective_role = role_of(member)
        member.visible_email = member.user.email if may_see_emails or member.user_id == actor.user_id else None
    return members


def storage_config() -> dict[str, Any]:
    """Return the configuration of the hub's own storage, which all organizations use; only the region is public."""
    region = settings.STORAGES["releases"]["OPTIONS"].get("region_name")
    return {
        "provider": PLATFORM,
        "is_platform_managed": True,
        "bucket_name": None,
        "endpoint": None,
        "region": region,
    }
