"""Change who has access to a download: team members, shares, and the stores of organizations."""

from django.db import transaction

from downloads.exposure import exposure_change
from downloads.models import Download, Share, StorePublication, TeamMember
from downloads.policies import download_policy
from downloads.services.locking import lock_download
from releasehub.accounts.models import Organization, User
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.services.locking import hold_account
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, Invalid


@transaction.atomic
def set_team_member(*, actor: Actor, download: Download, user: User, flags: set[str]) -> TeamMember:
    """Add a member or replace their flags (names of TeamMember.FLAGS, at least one).

    Raises:
        Denied: The actor may not manage the team, or does not have a flag that the call gives or takes away.
        Invalid: `flags` is empty or contains an unknown flag.
        Conflict: The user is the owner, who has all rights already.
    """
    download_policy.ensure("manage_team", actor, download)
    download = lock_download(download.pk)
    if user.pk == download.owner_id:
        raise Conflict(
            ErrorCode.TEAM_OWNER, "The owner of a download already has all rights. Choose another user.", field="user"
        )
    check_flags(actor, download, flags, held=team_flags_of(download, user))
    return save_team_member(actor=actor, download=download, user=user, flags=flags)


def check_flags(actor: Actor, download: Download, flags: set[str], *, held: set[str] | None = None) -> None:
    """Check the flags that the actor wants to give to a user who has the flags `held`."""
    if not flags or not flags <= set(TeamMember.FLAGS):
        raise Invalid(
            f"A team member needs at least one right. Choose one or more of: {', '.join(TeamMember.FLAGS)}.",
            field="flags",
        )
    _ensure_own(actor, download, flags ^ (held or set()))


def save_team_member(*, actor: Actor, download: Download, user: User, flags: set[str]) -> TeamMember:
    """Store the flags of a team member. The caller has checked the rights and holds the lock on the download.

    Raises:
        Conflict: The account was anonymized.
    """
    hold_account(user)
    if team_flags_of(download, user) == flags:
        return TeamMember.objects.get(download=download, user=user)
    values = {name: name in flags for name in TeamMember.FLAGS}
    member, _ = TeamMember.objects.update_or_create(download=download, user=user, defaults=values)
    changes = {"user": user.pk, "flags": sorted(flags)}
    audit.record(actor=actor, action=AuditAction.TEAM_UPDATE, target=download, changes=changes)
    return member


@transaction.atomic
def remove_team_member(*, actor: Actor, download: Download, user: User) -> None:
    """Remove a user from the team. Removing a user who is not a member changes nothing.

    Raises:
        Denied: The actor may not manage the team, or the member has a flag that the actor does not have.
    """
    download_policy.ensure("manage_team", actor, download)
    download = lock_download(download.pk)
    _ensure_own(actor, download, team_flags_of(download, user))
    removed, _ = TeamMember.objects.filter(download=download, user=user).delete()
    if removed:
        audit.record(actor=actor, action=AuditAction.TEAM_REMOVE, target=download, changes={"user": user.pk})


@transaction.atomic
def share_download(*, actor: Actor, download: Download, user: User) -> Share:
    """Let a user view the download and fetch its files.

    If the download is shared with the user by someone who may no longer share it, the actor takes over the share.

    Raises:
        Conflict: The account was anonymized.
    """
    download_policy.ensure("manage_team", actor, download)
    share = Share.objects.in_force().filter(download=download, user=user).first()
    if share is not None:
        return share
    # A share opens the download to an outsider, so from now on its slug and its version numbers are reserved.
    with exposure_change(lock_download(download.pk)):
        hold_account(user)
        share, _ = Share.objects.update_or_create(download=download, user=user, defaults={"created_by": actor.grantor})
    audit.record(actor=actor, action=AuditAction.SHARE_CREATE, target=download, changes={"user": user.pk})
    return share


@transaction.atomic
def publish_to_store(
    *, actor: Actor, download: Download, organization: Organization, is_public: bool = False
) -> StorePublication:
    """Publish the download to the store of an organization. Publishing it again with the same options changes nothing.

    Raises:
        Denied: The actor may not manage the team of the download, or may not publish to the store of the organization.
    """
    organization_policy.ensure("share_store", actor, organization)
    download_policy.ensure("manage_team", actor, download)
    rows = StorePublication.objects.in_force()
    publication = rows.filter(download=download, organization=organization, is_public=is_public).first()
    if publication is not None:
        return publication
    with exposure_change(
        download_policy.ensure_locked("manage_team", actor, download, lambda row: lock_download(row.pk))
    ):
        publication, _ = StorePublication.objects.update_or_create(
            download=download,
            organization=organization,
            defaults={"is_public": is_public, "created_by": actor.grantor},
        )
    changes = {"organization": organization.pk, "is_public": is_public}
    audit.record(actor=actor, action=AuditAction.STORE_UPDATE, target=download, changes=changes)
    return publication


@transaction.atomic
def withdraw_from_store(*, actor: Actor, download: Download, organization: Organization) -> None:
    """Withdraw the download from the store of an organization. The actor needs no permission in the organization."""
    download_policy.ensure("manage_team", actor, download)
    removed, _ = StorePublication.objects.filter(download=download, organization=organization).delete()
    if removed:
        changes = {"organization": organization.pk}
        audit.record(actor=actor, action=AuditAction.STORE_REMOVE, target=download, changes=changes)


def team_flags_of(download: Download, user: User) -> set[str]:
    member = TeamMember.objects.filter(download=download, user=user).first()
    return set() if member is None else member.flags


def _ensure_own(actor: Actor, download: Download, flags: set[str]) -> None:
    """Raise Denied if the actor would give or take away a flag that the actor does not have."""
    if beyond := sorted(flags - download_policy.grantable_flags(actor, download)):
        names = ", ".join(name.removeprefix("can_").replace("_", " ") for name in beyond)
        raise Denied(f"You can only grant or revoke team rights that you have yourself. You do not have: {names}.")
