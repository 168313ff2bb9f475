"""Check changes of a download, and choose the state that its category asks for."""

from collections.abc import Iterable
from typing import Any

from downloads.held_limits import held_limits
from downloads.models import Category, Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from downloads.services.prefixes import check_prefix
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied

ADMINISTRATORS_FIELDS = frozenset({"quota_bytes"})


def first_state(actor: Actor, category: Category, *, requested: str = "") -> Download.State:
    """Return the state of a new or restored download, as the category and the role of the actor decide."""
    if requested == Download.State.DRAFT:
        return Download.State.DRAFT
    if download_policy.needs_approval(actor, category):
        return Download.State.MODERATED
    return Download.State.VISIBLE


def check_state_change(actor: Actor, download: Download, fields: dict[str, Any]) -> None:
    """Check a change of the state, and replace `visible` by `moderated` where the category asks for approval."""
    if "state" not in fields or download_policy.is_moderator(actor):
        return
    if download.state == Download.State.MODERATED or fields["state"] == Download.State.MODERATED:
        raise Denied(
            "Only a moderator can approve a download or send it back to moderation. Leave the "
            "state as it is, and wait for a moderator."
        )
    if fields["state"] == Download.State.VISIBLE:
        fields["state"] = first_state(actor, download.category)


def check_quota_change(actor: Actor, changed: Iterable[str]) -> None:
    """Raise Denied if the storage quota is changed by an actor who is not an administrator."""
    if not actor.is_superuser and not ADMINISTRATORS_FIELDS.isdisjoint(changed):
        raise Denied(
            "Only an administrator can set quota_bytes, the storage quota of a download. Leave "
            "the field out, or ask an administrator."
        )


def check_move(actor: Actor, download: Download, fields: dict[str, Any]) -> None:
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
    held_limits().check_new_category(download, category)
    if download_policy.needs_approval(actor, category) and download.state == Download.State.VISIBLE:
        fields["state"] = Download.State.MODERATED


def check_prefix_change(download: Download, fields: dict[str, Any]) -> None:
    """Check that the prefix and the category of the download fit each other after the change."""
    if prefix := fields.get("prefix", download.prefix):
        check_prefix(prefix, fields.get("category", download.category))
