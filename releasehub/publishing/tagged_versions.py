"""Create and change versions in the terms of Git hosts: a tag, a draft flag and a pre-release flag.

Release tools create a draft, upload its files and then publish it. After a failure they start again with a new draft,
because Git hosts allow several drafts of one tag. Here they get the draft that the failed run has left.
"""

from typing import Any

from django.db import transaction

from downloads.models import Download
from downloads.policies import download_policy
from downloads.services import lock_download
from files.models import File
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.publishing.deletion import delete_file
from releasehub.publishing.lifecycle import move
from releasehub.publishing.release_runs import lock_run, start_run
from releasehub.publishing.releases import create_version, edit_with_files
from releasehub.publishing.transitions import Move
from versions.channels import BETA, channel_of_prerelease
from versions.models import PublicNumber, Version
from versions.numbering import InvalidNumber, parse
from versions.policies import version_policy
from versions.tags import number_of_tag

DRAFT, PUBLISHED, PENDING = Version.State.DRAFT, Version.State.PUBLISHED, Version.State.PENDING
REASON = "The release was started again."


@transaction.atomic
def create_tagged_version(
    *, actor: Actor, download: Download, tag: str, is_draft: bool, is_prerelease: bool = False, **fields: Any
) -> Version:
    """Create a version with this tag, or reuse a draft with the tag that was never public.

    A reused draft gets all `fields`, also if it was soft-deleted, and its files are soft-deleted. So two
    requests for one tag never make two versions. The draft then belongs to a new run (see `release_runs`).

    Args:
        is_prerelease: Put a number that is no pre-release into the channel `beta`. A number that is one goes into the
            channel that it names in any case, because many tools send false without having been told so.
        fields: The fields of the version, complete: a reused draft keeps no other text.

    Raises:
        Invalid: A field has an invalid value.
        Conflict: A version with the tag or its number is published, or the actor may not change the draft.
    """
    # The right is checked before the lock, so that a stranger cannot hold the lock.
    download_policy.ensure("post_version", actor, download)
    download = lock_download(download.pk)
    draft = _abandoned_draft(actor, download, tag)
    fields |= {"tag": tag, "channel": _channel_for(download, tag, is_prerelease=is_prerelease)}
    if draft is None:
        state = DRAFT if is_draft else PUBLISHED
        return create_version(actor=actor, download_id=download.pk, state=state, **fields)
    start_run(draft)
    version = edit_with_files(actor=actor, version=_emptied(actor, draft), **fields)
    return version if is_draft else _publish(actor, version)


@transaction.atomic
def edit_tagged_version(
    *,
    actor: Actor,
    version: Version,
    run: int | None = None,
    is_draft: bool | None = None,
    is_prerelease: bool | None = None,
    **fields: Any,
) -> Version:
    """Change a version, and publish or unpublish it. A flag that is None changes nothing.

    Files that are still being checked count when it is published, and a version without files can be published, because
    some tools create a draft of every release. A version that waits for approval goes on waiting.

    Args:
        run: The run that asks, if the caller names it.

    Raises:
        Denied: The actor may not edit or move the version.
        Invalid: A field has an invalid value, or all files of a version that is to be published were rejected.
        Conflict: The version is sealed, its tag or number is taken, its state does not allow the move, or another run
            has started it again.
    """
    version_policy.ensure("edit", actor, version)
    lock_run(version, run)
    if fields.get("tag") == version.tag_name:  # many tools repeat it
        del fields["tag"]
    if is_prerelease is not None and is_prerelease != version.is_in_prerelease_channel:
        fields["channel"] = _channel_of_flag(version, is_prerelease=is_prerelease)
    state = _wanted_state(actor, version, is_draft)
    if state == PUBLISHED:
        return _publish(actor, edit_with_files(actor=actor, version=version, **fields))
    return edit_with_files(actor=actor, version=version, state=state, **fields)


def _publish(actor: Actor, version: Version) -> Version:
    return move(Move.PUBLISH, actor=actor, version=version, accept_pending_files=True, accept_no_files=True)


def _wanted_state(actor: Actor, version: Version, is_draft: bool | None) -> str:
    """Return the state to move to, or an empty string to leave the state as it is."""
    if is_draft is None:
        return ""
    if is_draft:
        return DRAFT if version.is_released else ""
    is_waiting = version.state == PENDING and not version_policy.can_publish(actor, version)
    return "" if version.is_released or is_waiting else PUBLISHED


def _channel_for(download: Download, tag: str, *, is_prerelease: bool) -> str:
    """Return the channel of a new version. An invalid number is refused later, when the version is built."""
    prerelease = _prerelease_in(download, tag)
    if prerelease:
        return channel_of_prerelease(prerelease, otherwise=BETA)
    return BETA if is_prerelease else download.default_channel


def _channel_of_flag(version: Version, *, is_prerelease: bool) -> str:
    if not is_prerelease:
        return version.download.default_channel
    return channel_of_prerelease(_prerelease_in(version.download, version.tag_name), otherwise=BETA)


def _prerelease_in(download: Download, tag: str) -> str:
    try:
        number = parse(number_of_tag(tag), download.version_scheme)
    except InvalidNumber:
        return ""
    return number.prerelease


def _abandoned_draft(actor: Actor, download: Download, tag: str) -> Version | None:
    """Return the draft with this tag if it was never public and the actor may start it again."""
    rows = Version.all_objects.filter(download=download, state=DRAFT).with_tag(tag)
    version: Version
    for version in rows.order_by("pk"):
        version.download = download
        was_public = version.published_at is not None or PublicNumber.objects.filter(version=version).exists()
        if not was_public and _may_restart(actor, version):
            return version
    return None


def _may_restart(actor: Actor, version: Version) -> bool:
    if version.is_deleted:
        return version_policy.allows("restore", actor, version)
    return version_policy.allows("edit", actor, version) and version_policy.allows("manage_files", actor, version)


def _emptied(actor: Actor, version: Version) -> Version:
    """Restore the draft if it is deleted, and soft-delete its files."""
    if version.is_deleted:
        version = move(Move.RESTORE, actor=actor, version=version)
    for file in File.objects.filter(version=version).select_related("blob"):
        file.version = version
        delete_file(actor=actor, file=file, reason=REASON)
    return version


def remove_tag(*, actor: Actor, download: Download, tag: str) -> None:
    """Check that the version with the tag is deleted. This changes nothing: the tag was removed with the version.

    Git hosts keep the tag of a deleted release, and tools remove it with a request of its own.

    Raises:
        Conflict: The version with the tag is not deleted.
        Invalid: No version has the tag.
    """
    download_policy.ensure("manage_versions", actor, download)
    versions = Version.all_objects.filter(download=download).with_tag(tag)
    if any(not version.is_deleted for version in versions):
        message = f"The tag {tag} belongs to a version. Delete the version first."
        raise Conflict(ErrorCode.VERSION_STATE, message, field="tag")
    if not versions:
        raise Invalid("Reference does not exist", field="tag")
