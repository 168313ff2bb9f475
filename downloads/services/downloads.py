"""Create, change, approve and restore downloads, and hide them (soft delete)."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from downloads.access import lock_row
from downloads.exposure import (
    announce_scheme_change,
    check_default_channel,
    exposure_change,
    is_exposed,
    remember_slug,
    slug_is_taken,
    slug_taken,
)
from downloads.limits import check_new_category, check_restore
from downloads.models import Category, Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from downloads.services.prefixes import check_prefix
from downloads.services.slugs import free_slug
from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Denied, ErrorCode, Invalid, NotFound
from releasehub.core.restoring import needs_restore
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType

OWNERS_FIELDS = frozenset({"visibility", "organization"})
ADMINISTRATORS_FIELDS = frozenset({"quota_bytes"})


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
        Invalid: A field has an invalid value, the prefix does not fit the category, or there is no user who could own
            the download.
        Conflict: The slug is or was taken.
    """
    rules = rules_of(category)
    if not download_policy.can_create(actor, rules):
        raise Denied(
            f"You do not have permission to add downloads to the category {category.title}. Choose another category."
        )
    _check_quota_change(actor, {name for name, value in fields.items() if value is not None})
    if owner is None or not download_policy.is_moderator(actor):
        owner = actor.user
    if owner is None:
        raise Invalid(
            ErrorCode.INVALID,
            "The download needs an owner, because this key belongs to no user. Set owner to a user of this hub.",
            field="owner",
        )
    if prefix := fields.get("prefix"):
        check_prefix(prefix, category)
    download = Download(last_update_at=timezone.now())
    state = _first_state(actor, category, requested=fields.pop("state", ""))
    values = {
        "category": category,
        "owner": owner,
        "title": title,
        "state": state,
        "slug": _slug(title, slug),
        **fields,
    }
    assign(download, values)
    _save_with_slug(download)
    if is_exposed(download):
        remember_slug(download)
    download_policy.note_reliance(actor, download)
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_CREATE, target=download)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_CREATED, target=download)
    return download


@transaction.atomic
def update_download(*, actor: Actor, download: Download, **fields: Any) -> Download:
    """Change only the given fields of a download.

    Raises:
        NotFound: The actor may not see the download.
        Denied: The actor may not edit the download. Only owners and moderators change the visibility and the
            organization, and only administrators the storage quota.
        Invalid: A field has an invalid value, or the prefix does not fit the category.
        Rejected: The files of the download break a rule of the new category.
        Conflict: Permanent links would lead to other versions with the new default channel.
        Conflict: The download is deleted, or the slug is or was taken.
    """
    # The policy is checked before the lock, so that a stranger cannot hold the lock, and again after it, because
    # another request may have changed the download while this one waited.
    download_policy.ensure("edit", actor, download)
    download = lock_download(download.pk)
    download_policy.ensure("edit", actor, download)
    if fields.get("state") == download.state:
        del fields["state"]
    changes = audit.changed_fields(download, fields)
    if not changes:
        return download
    if not OWNERS_FIELDS.isdisjoint(changes):
        download_policy.ensure("set_visibility", actor, download)
    _check_quota_change(actor, changes)
    _check_state_change(actor, download, fields)
    _check_move(actor, download, fields)
    if not changes.keys().isdisjoint({"prefix", "category"}):
        _check_prefix(download, fields)
    if "slug" in changes and slug_is_taken(fields["slug"], but=download.pk):
        raise slug_taken(fields["slug"])
    if "default_channel" in changes:
        check_default_channel(download, fields["default_channel"])
        # Links such as /d/<slug>/latest/ name no channel, so from now on they lead elsewhere.
        changes["latest_links_lead_to"] = changes["default_channel"]
    # Another visibility, state or organization may open the download to outsiders, which reserves its slug and numbers.
    with exposure_change(download):
        assign(download, fields)
        _save_with_slug(download)
    if "version_scheme" in changes:
        announce_scheme_change(download)
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_UPDATE, target=download, changes=changes)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)
    return download


@transaction.atomic
def approve_download(*, actor: Actor, download: Download) -> Download:
    """Approve a download that waits for moderation, which makes it visible. Approving it again changes nothing.

    Raises:
        NotFound: The actor may not see the download.
        Denied: The actor is not a moderator.
    """
    download_policy.ensure("approve", actor, download)
    download = lock_download(download.pk)
    if download.state != Download.State.VISIBLE:
        with exposure_change(download):
            download.state = Download.State.VISIBLE
            download.save(update_fields=["state", "updated_at"])
        audit.record(actor=actor, action=AuditAction.DOWNLOAD_APPROVE, target=download)
        webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)
    return download


def mark_download_deleted(*, actor: Actor, download: Download, reason: str) -> None:
    """Hide a download (soft delete). The caller has checked the permission and holds the lock on the download."""
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_DELETE_SOFT, target=download, reason=reason)
    download.mark_deleted(by=actor.user, reason=reason)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_DELETED, target=download, hard=False, reason=reason)


@transaction.atomic
def restore_download(*, actor: Actor, download: Download) -> Download:
    """Restore a soft-deleted download.

    The download becomes visible again, or waits for moderation if its category asks for approval. A draft stays a
    draft.

    Raises:
        NotFound: The actor may not see the download.
        Denied: The actor is neither the owner nor a moderator.
        Conflict: The download is not deleted. For superusers, this is not an error.
        Rejected: The storage quota of the download or of its owner is exceeded.
    """
    download_policy.ensure("restore", actor, download)
    download = lock_download(download.pk)
    if not needs_restore(actor, download, f"The download {download.slug}"):
        return download
    check_restore(download)
    with exposure_change(download):
        if download.state != Download.State.DRAFT:
            download.state = _first_state(actor, download.category)
            download.save(update_fields=["state"])
        download.mark_restored()
    audit.record(actor=actor, action=AuditAction.DOWNLOAD_RESTORE, target=download)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_RESTORED, target=download)
    return download


def lock_download(download_id: int) -> Download:
    """Return the row as it is now, locked until the transaction ends.

    Every writer that changes a download or its versions takes this lock first, so writers of one download run one after
    the other.

    Raises:
        NotFound: Another request erased the download.
    """
    download = lock_row(download_id)
    if download is None:
        raise NotFound
    return download


def _first_state(actor: Actor, category: Category, *, requested: str = "") -> Download.State:
    """Return the state of a new or restored download, as the category and the role of the actor decide."""
    if requested == Download.State.DRAFT:
        return Download.State.DRAFT
    if download_policy.needs_approval(actor, category):
        return Download.State.MODERATED
    return Download.State.VISIBLE


def _check_state_change(actor: Actor, download: Download, fields: dict[str, Any]) -> None:
    """Check a change of the state, and replace `visible` by `moderated` where the category asks for approval.

    Raises:
        Denied: The actor is not a moderator, and the change would set or lift moderation.
    """
    if "state" not in fields or download_policy.is_moderator(actor):
        return
    if download.state == Download.State.MODERATED or fields["state"] == Download.State.MODERATED:
        raise Denied(
            "Only a moderator can approve a download or send it back to moderation. Leave the "
            "state as it is, and wait for a moderator."
        )
    if fields["state"] == Download.State.VISIBLE:
        fields["state"] = _first_state(actor, download.category)


def _check_quota_change(actor: Actor, changed: Iterable[str]) -> None:
    """Raise Denied if the storage quota is changed by an actor who is not an administrator."""
    if not actor.is_superuser and not ADMINISTRATORS_FIELDS.isdisjoint(changed):
        raise Denied(
            "Only an administrator can set quota_bytes, the storage quota of a download. Leave "
            "the field out, or ask an administrator."
        )


def _check_move(actor: Actor, download: Download, fields: dict[str, Any]) -> None:
    """Check a move into another category, and send the download to moderation if the new category asks for approval.

    Raises:
        Denied: The category accepts no downloads from the actor, or the move would show the download to more people
            than the actor may show it to.
        Rejected: The files of the download break a rule of the category. Moderators may move them all the same.
    """
    category = fields.get("category")
    if category is None or category == download.category or download_policy.is_moderator(actor):
        return
    if not rules_of(category).accepts_downloads:
        raise Denied(
            f"You do not have permission to add downloads to the category {category.title}. Choose another category."
        )
    is_public = download.visibility == Download.Visibility.PUBLIC
    if is_public and download.category.is_members_only and not category.is_members_only:
        # After the move, anonymous visitors would see what only signed-in users saw before. That is a change of the
        # visibility, so it needs the same permission.
        download_policy.ensure("set_visibility", actor, download)
    check_new_category(download, category)
    if download_policy.needs_approval(actor, category) and download.state == Download.State.VISIBLE:
        fields["state"] = Download.State.MODERATED


def _check_prefix(download: Download, fields: dict[str, Any]) -> None:
    """Check that the prefix and the category of the download fit each other after the change."""
    if prefix := fields.get("prefix", download.prefix):
        check_prefix(prefix, fields.get("category", download.category))


def _slug(title: str, slug: str) -> str:
    """Return the wanted slug, or a free one made from the title if none is wanted."""
    if slug and slug_is_taken(slug):
        raise slug_taken(slug)
    return slug or free_slug(title, slug_is_taken, fallback="download")


def _save_with_slug(download: Download) -> None:
    """Save the download, or raise Conflict if a request that ran at the same time took the slug.

    The check before the save cannot see what another transaction has not committed yet, so the unique constraint has
    the last word. Without this, the slower of two requests would end in a server error.
    """
    try:
        # A savepoint: after an IntegrityError, PostgreSQL would refuse every other query in the outer transaction.
        with transaction.atomic():
            download.save()
    except IntegrityError as error:
        if Download.all_objects.filter(slug=download.slug).exclude(pk=download.pk).exists():
            raise slug_taken(download.slug) from error
        raise
