"""Create and change downloads."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from downloads.exposure import (
    check_default_channel,
    exposure_change,
    fold_default_channel,
    is_exposed,
    remember_slug,
    scheme_changed,
)
from downloads.models import Category, Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from downloads.services.former_members import remove_former_members
from downloads.services.locking import lock_download
from downloads.services.preconditions import (
    check_move,
    check_prefix_change,
    check_quota_change,
    check_state_change,
    first_state,
)
from downloads.services.prefixes import check_prefix
from downloads.services.slugs import choose_slug, reserve_slug, save_with_slug
from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Denied, Invalid
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType

OWNERS_FIELDS = frozenset({"visibility", "organization"})


@transaction.atomic
def create_download(
    *, actor: Actor, category: Category, title: str, owner: User | None = None, slug: str = "", **fields: Any
) -> Download:
    """Create a download.

    Args:
        owner: The user who will own the download. Only moderators may name another user than themselves; for everyone
            else, the actor becomes the owner.
        slug: The slug for the URLs. If it is empty, a free one is made from the title.
        fields: Other fields of the model. `state` may be draft; otherwise the category decides whether the download is
            visible at once or waits for moderation.

    Raises:
        Denied: The category accepts no new downloads from the actor, or the actor may not set the storage quota.
        Invalid: A field has an invalid value, the prefix does not fit the category, or the actor is not a user and so
            cannot own the download.
        Conflict: The slug is or was taken.
    """
    rules = rules_of(category)
    if not download_policy.can_create(actor, rules):
        raise Denied(
            f"You do not have permission to add downloads to the category {category.title}. Choose another category."
        )
    check_quota_change(actor, {name for name, value in fields.items() if value is not None})
    owner = _owner_of_new(actor, owner)
    if prefix := fields.get("prefix"):
        check_prefix(prefix, category)
    download = Download(last_update_at=timezone.now())
    fold_default_channel(fields)
    state = first_state(actor, category, requested=fields.pop("state", ""))
    named = {"category": category, "owner": owner, "title": title, "state": state, "slug": choose_slug(title, slug)}
    assign(download, named | fields)
    save_with_slug(download)
    if is_exposed(download):
        remember_slug(download)
    download_policy.note_reliance(actor, download)
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_CREATE, target=download)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_CREATED, target=download)
    return download


def _owner_of_new(actor: Actor, requested: User | None) -> User:
    """Return the user who will own a new download: the actor, unless a moderator names another user."""
    owner = requested if requested is not None and download_policy.is_moderator(actor) else actor.user
    if owner is None:
        raise Invalid(
            "The download needs an owner, because this key does not belong to a user. Set owner to a user of this hub.",
            field="owner",
        )
    return owner


@transaction.atomic
def update_download(*, actor: Actor, download: Download, **fields: Any) -> Download:
    """Change only the given fields of a download.

    Raises:
        Denied: The actor may not edit the download. Only owners and moderators change the visibility and the
            organization, and only administrators the storage quota.
        Invalid: A field has an invalid value, or the prefix does not fit the category.
        Rejected: The files of the download break a rule of the new category.
        Conflict: Permanent links would lead to other versions with the new default channel.
        Conflict: The download is deleted, or the slug is or was taken.
    """
    download = download_policy.ensure_locked("edit", actor, download, lambda row: lock_download(row.pk))
    fold_default_channel(fields)
    if fields.get("state") == download.state:
        del fields["state"]
    changes = audit.changed_fields(download, fields)
    if not changes:
        return download
    if not OWNERS_FIELDS.isdisjoint(changes):
        download_policy.ensure("set_visibility", actor, download)
    check_quota_change(actor, changes)
    check_state_change(actor, download, fields)
    check_move(actor, download, fields)
    if not changes.keys().isdisjoint({"prefix", "category"}):
        check_prefix_change(download, fields)
    if "slug" in changes:
        reserve_slug(fields["slug"], but=download.pk)
    if "default_channel" in changes:
        check_default_channel(download, fields["default_channel"])
        # Links such as /d/<slug>/latest/ name no channel, so from now on they lead elsewhere.
        changes["latest_links_lead_to"] = changes["default_channel"]
    if "organization" in changes:
        remove_former_members(actor, download)
    # Another visibility, state or organization may open the download to outsiders, which reserves its slug and numbers.
    with exposure_change(download):
        assign(download, fields)
        save_with_slug(download)
    if "version_scheme" in changes:
        scheme_changed(download)
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_UPDATE, target=download, changes=changes)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)
    return download
