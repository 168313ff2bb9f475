"""Sharing by e-mail address: who is meant, who is outside the sharer's organisations, who could see it before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import models, transaction
from django.db.models import Q

from downloads.models import AccessKey, Download, Share
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


@dataclass(frozen=True)
class Targets:
    """`users`: address as given -> who has it; `unknown`: addresses of nobody; `outsiders`: ids of users outside."""

    users: dict[str, User]
    unknown: list[str]
    outsiders: frozenset[int]


@dataclass
class Shared:
    """Addresses as they were given."""

    created: list[tuple[str, Share]] = field(default_factory=list)
    had_access: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def find_targets(actor: Actor, addresses: Sequence[str]) -> Targets:
    """Three queries, however many addresses there are."""
    wanted = list(dict.fromkeys(address.strip() for address in addresses))
    known = users_by_email(wanted)
    users = {address: known[address.lower()] for address in wanted if address.lower() in known}
    unknown = [address for address in wanted if address not in users]
    ids = {user.pk for user in users.values()} - {actor.user_id}
    inside = _insiders(actor, ids)
    return Targets(users, unknown, frozenset(ids - inside))


def visible_shares(actor: Actor, download: Download) -> models.QuerySet[Share]:
    """The set form of SharePolicy.can_view, inside one download the actor may see."""
    rows = Share.objects.filter(download=download)
    if download_policy.can_manage_team(actor, download):
        return rows
    return rows.filter(Q(created_by=actor.user_id) | Q(user=actor.user_id)) if actor.user_id else rows.none()


@transaction.atomic
def share_with(*, actor: Actor, download: Download, targets: Targets) -> Shared:
    """Share with all of them, or, when one may not be, with none.

    Errors: NotFound; Denied without the right to manage the team, or when the actor's roles keep them from sharing
    outside their organisations.
    """
    download_policy.ensure("manage_team", actor, download)
    # An address without an account is treated like one of an outsider: the answer must not tell who has an account.
    if (targets.outsiders or targets.unknown) and not may_share_outside(actor):
        raise Denied("Your roles do not let you share with people outside your organisations.")
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
    """By who made it; one that nobody is known to have made, by who manages the team.  Errors: NotFound, Denied."""
    share_policy.ensure("remove", actor, share)
    removed, _ = Share.objects.filter(pk=share.pk).delete()
    if removed:
        changes = {"user": share.user_id}
        audit.record(actor=actor, action=AuditAction.SHARE_REMOVE, target=share.download, changes=changes)


def pass_on_grants(download: Download, *, giver: User, heir: User) -> None:
    """Let what one owner granted depend on the rights of the next, so that customers notice nothing.

    What both of them received is ended: the giver leaves the download, and an owner needs no share.
    """
    shares = Share.objects.filter(download=download)
    shares.filter(user__in=[giver, heir]).delete()
    shares.filter(created_by=giver).update(created_by=heir)
    AccessKey.objects.filter(download=download, created_by=giver).update(created_by=heir)


def may_share_outside(actor: Actor) -> bool:
    """Who belongs to no organisation is bound by none; everybody else needs a role that allows it."""
    return (
        actor.is_superuser
        or not memberships_of(actor)
        or bool(_granting(actor, OrganizationScope.ENTITIES_SHARE_EXTERNAL))
    )


def _insiders(actor: Actor, user_ids: set[int]) -> set[int]:
    """Those in an organisation in which the actor may share."""
    if actor.is_superuser:
        return user_ids
    organizations = _granting(actor, OrganizationScope.ENTITIES_SHARE)
    if not organizations:
        return set()
    rows = Membership.objects.filter(organization__in=organizations, user__in=user_ids)
    return set(rows.values_list("user_id", flat=True))


def _granting(actor: Actor, scope: OrganizationScope) -> list[int]:
    """The actor's organisations in which their role has the scope."""
    return [pk for pk, mine in memberships_of(actor).items() if scope.value in mine.scopes]


def _with_access(download: Download, user_ids: set[int]) -> set[int]:
    """Those of the users who see the download without a new share. One query."""
    if download.visibility in {Download.Visibility.PUBLIC, Download.Visibility.MEMBERS}:
        return user_ids
    shared = Share.objects.in_force().filter(download=download).values("user")
    has = Q(downloads=download) | Q(team_memberships__download=download) | Q(pk__in=shared)
    if download.visibility == Download.Visibility.ORGANIZATION:
        has |= opened_by_stores(download.pk)
    return set(User.objects.filter(has, pk__in=user_ids).values_list("pk", flat=True))
