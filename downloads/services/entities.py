"""Create entities, publish them to the stores of organizations, and withdraw them.

An entity is a download of the category `entities`. It is private until it is published to a store.
"""

from typing import Any

from django.db import IntegrityError, transaction

from downloads.exposure import exposure_change
from downloads.models import Category, Download, StorePublication
from downloads.policies import download_policy
from downloads.querysets import ENTITIES
from downloads.services.categories import create_category
from downloads.services.downloads import create_download
from downloads.services.locking import lock_download
from downloads.services.people import publish_to_store, withdraw_from_store
from releasehub.accounts.models import Organization
from releasehub.accounts.policies import organization_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, system_actor
from releasehub.core.errors import NotFound
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType


def entity_category() -> Category:
    """Return the category of all entities. It is created together with the first entity."""
    category: Category | None = Category.objects.filter(slug=ENTITIES).first()
    if category is not None:
        return category
    try:
        with transaction.atomic():
            return create_category(actor=system_actor(), title="Entities", slug=ENTITIES)
    except IntegrityError:  # Another request created it at the same time.
        return Category.objects.get(slug=ENTITIES)


@transaction.atomic
def create_entity(*, actor: Actor, kind: str, slug: str, name: str, description: str = "") -> Download:
    """Create an entity: a private download whose versions are numbered by time. The actor owns it.

    Raises:
        Invalid: A field has an invalid value.
        Conflict: The slug is or was taken.
    """
    return create_download(
        actor=actor,
        category=entity_category(),
        title=name,
        slug=slug,
        description=description,
        kind=kind,
        visibility=Download.Visibility.PRIVATE,
        version_scheme=Download.VersionScheme.CALVER,
    )


@transaction.atomic
def publish_entity(
    *, actor: Actor, download: Download, organization: Organization, is_public: bool = False
) -> tuple[StorePublication, bool]:
    """Publish an entity to the store of an organization, or change whether it is public there.

    A private entity becomes visible to everyone who may use the store.

    Returns:
        The publication, and whether the entity was not in the store before.

    Raises:
        Denied: The actor may not publish to the store of the organization, or may not manage the team of the download.
    """
    organization_policy.ensure("share_store", actor, organization)
    download_policy.ensure("manage_team", actor, download)
    download = lock_download(download.pk)
    is_new = not StorePublication.objects.filter(download=download, organization=organization).exists()
    publication = publish_to_store(actor=actor, download=download, organization=organization, is_public=is_public)
    _follow_stores(actor, download)
    return publication, is_new


@transaction.atomic
def withdraw_entity(*, actor: Actor, download: Download, organization: Organization) -> None:
    """Withdraw an entity from the store of an organization. Withdrawn from its last store, it becomes private again.

    The actor needs no permission in the organization: a former member of the team may have put the entity into a store
    that the owner does not know.

    Raises:
        NotFound: The actor may not see the download, or the entity is not in the store.
        Denied: The actor may not manage the team of the download.
    """
    download_policy.ensure("manage_team", actor, download)
    download = lock_download(download.pk)
    if not StorePublication.objects.filter(download=download, organization=organization).exists():
        organization_policy.ensure("view", actor, organization)
        raise NotFound(f"The entity {download.title} is not in the store of {organization.name}.")
    withdraw_from_store(actor=actor, download=download, organization=organization)
    _follow_stores(actor, download)


def _follow_stores(actor: Actor, download: Download) -> None:
    """Adjust the visibility to the stores: `organization` while the entity is in a store, `private` otherwise.

    A visibility that a user has chosen differently stays as it is.
    """
    kinds = Download.Visibility
    is_in_one = StorePublication.objects.filter(download=download).exists()
    before, after = (kinds.PRIVATE, kinds.ORGANIZATION) if is_in_one else (kinds.ORGANIZATION, kinds.PRIVATE)
    if download.visibility != before:
        return
    with exposure_change(download):
        download.visibility = after
        download.save(update_fields=["visibility", "updated_at"])
    changes: dict[str, Any] = {"visibility": [before.value, after.value]}
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_UPDATE, target=download, changes=changes)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)
