"""Share downloads with users by e-mail address.

This finds the users behind the addresses, checks which of them are outside the organizations of the actor, and skips
the users who have access already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import models, transaction
from django.db.models import Q

from downloads.models import AccessKey, Download, Share, StorePublication
from downloads.policies import download_policy, share_policy
from downloads.querysets import opened_by_stores
from downloads.services.people import share_download
from releasehub.accounts.models import Membership, User
from releasehub.accounts.people import users_by_email
from releasehub.accounts.policies import memberships_of
from releasehub.accounts.scopes import OrganizationScope
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied
from releasehub.core.listeners import Listeners

grants_passed_on = Listeners[[Download, User, User]]()  # from the first user to the second one


@dataclass(frozen=True)
class Targets:
    """The users behind a list of e-mail addresses.

    Attributes:
        users: The users by their address, as it was written in the request.
        outsiders: The ids of the users who belong to none of the organizations in which the actor may share.
    """

    users: dict[str, User]
    unknown: list[str]
    outsiders: frozenset[int]


@dataclass
class Shared:
    """The result of sharing, with the e-mail addresses as they were written in the request."""

    created: list[tuple[str, Share]] = field(default_factory=list)
    had_access: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def find_targets(actor: Actor, addresses: Sequence[str]) -> Targets:
    """Return the users behind the addresses. The number of queries does not depend on the number of addresses."""
    unique_addresses = list(dict.fromkeys(address.strip() for address in addresses))
    users_by_address = users_by_email(unique_addresses)
    users = {
        address: users_by_address[address.lower()]
        for address in unique_addresses
        if address.lower() in users_by_address
    }
    unknown = [address for address in unique_addresses if address not in users]
    ids = {user.pk for user in users.values()} - {actor.user_id}
    inside = _insiders(actor, ids)
    return Targets(users, unknown, frozenset(ids - inside))


def visible_shares(actor: Actor, download: Download) -> models.QuerySet[Share]:
    """Return the shares of one download for which `SharePolicy.can_view` is true. The actor may see the download."""
    rows = Share.objects.filter(download=download)
    if download_policy.can_manage_team(actor, download):
        return rows
    return rows.filter(Q(created_by=actor.user_id) | Q(user=actor.user_id)) if actor.user_id else rows.none()


@transaction.atomic
def share_with(*, actor: Actor, download: Download, targets: Targets) -> Shared:
    """Share the download with all targets, or with none of them if the actor may not share with one.

    Raises:
        Denied: The actor may not manage the team of the download, or the roles of the actor do not allow sharing
            outside their organizations.
    """
    download_policy.ensure("manage_team", actor, download)
    # An address without an account is treated like that of an outsider, so that the response does not reveal which
    # addresses have an account.
    if (targets.outsiders or targets.unknown) and not may_share_outside(actor):
        raise Denied(
            "Your roles do not allow you to share with users outside your organizations. Remove "
            "their addresses, or ask an administrator of your organization for the permission."
        )
    result = Shared(unknown=targets.unknown)
    holders = _with_access(download, {user.pk for user in targets.users.values()})
    for address, user in targets.users.items():
        if user.pk in holders:
            result.had_access.append(address)
            continue
        holders.add(user.pk)
        share = share_download(actor=actor, download=download, user=user)
        share.user = user
        result.created.append((address, share))
    return result


@transaction.atomic
def remove_share(*, actor: Actor, share: Share) -> None:
    """Remove a share.

    The user who created the share may remove it, as may the owner of the download and moderators. If the creator is
    unknown, every user who manages the team may remove it.
    """
    share_policy.ensure("remove", actor, share)
    removed, _ = Share.objects.filter(pk=share.pk).delete()
    if removed:
        changes = {"user": share.user_id}
        audit.record(actor=actor, action=AuditAction.SHARE_REMOVE, target=share.download, changes=changes)


def pass_on_grants(download: Download, *, giver: User, heir: User) -> None:
    """Make the shares, keys and publications in stores that the giver created depend on the rights of the heir.

    They lose their force when their creator loses the right to grant them, and so does a schedule. Without this step, a
    change of owner would lock out everyone whom the old owner let in.
    """
    for model in (Share, AccessKey, StorePublication):
        model.objects.filter(download=download, created_by=giver).update(created_by=heir)
    grants_passed_on(download, giver, heir)


def may_share_outside(actor: Actor) -> bool:
    """Return whether the actor may share with users outside their organizations.

    A user without an organization may. A member of an organization needs a role that allows it.
    """
    return (
        actor.is_superuser
        or not memberships_of(actor)
        or bool(_granting(actor, OrganizationScope.ENTITIES_SHARE_EXTERNAL))
    )


def _insiders(actor: Actor, user_ids: set[int]) -> set[int]:
    """Return the users who belong to an organization in which the actor may share."""
    if actor.is_superuser:
        return user_ids
    organizations = _granting(actor, OrganizationScope.ENTITIES_SHARE)
    if not organizations:
        return set()
    rows = Membership.objects.filter(organization__in=organizations, user__in=user_ids)
    return set(rows.values_list("user_id", flat=True))


def _granting(actor: Actor, scope: OrganizationScope) -> list[int]:
    """Return the ids of the organizations in which the actor's role has the scope."""
    return [pk for pk, mine in memberships_of(actor).items() if scope.value in mine.scopes]


def _with_access(download: Download, user_ids: set[int]) -> set[int]:
    """Return the users who see the download without a new share, with one query."""
    if download.visibility in {Download.Visibility.PUBLIC, Download.Visibility.MEMBERS}:
        return user_ids
    shared = Share.objects.in_force().filter(download=download).values("user")
    has = Q(downloads=download) | Q(team_memberships__download=download) | Q(pk__in=shared)
    if download.visibility == Download.Visibility.ORGANIZATION:
        has |= opened_by_stores(download.pk)
    return set(User.objects.filter(has, pk__in=user_ids).values_list("pk", flat=True))
