"""Create, change and restore versions."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from downloads.models import Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from downloads.services import lock_download
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, ErrorCode, Invalid, NotFound
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType
from versions.channels import InvalidChannel, clean_channel
from versions.exposure import is_public, remember_number, remember_public
from versions.models import Version
from versions.numbering import InvalidNumber, Number, Scheme, parse
from versions.policies import version_policy
from versions.services.approval import needs_approval
from versions.services.locking import lock_version, tally_changes
from versions.services.numbers import check_number_is_free
from versions.services.states import mark_published

TEXTS = ("release_notes", "changelog")


@transaction.atomic
def create_version(
    *,
    actor: Actor,
    download_id: int,
    number: str,
    channel: str = "",
    state: str = "",
    publish_at: datetime | None = None,
    created_at: datetime | None = None,
    **fields: Any,
) -> Version:
    """A new version; its files come afterwards. `created_at` in the past: a version that is older than its entry here.

    `state`: draft, scheduled (with `publish_at`) or published. Without it: published, or draft where the download
    seals on publishing, because nothing can be added to a sealed version. Where the category asks for approval,
    published becomes pending.
    Errors: NotFound, Denied; Invalid; Conflict when the number is or was used in that channel.
    """
    download = _lock_for_posting(actor, download_id)
    if not rules_of(download.category).has_versioning and download.version_count:
        raise Conflict(ErrorCode.VERSION_STATE, "This category allows one version only.")
    made_at = _made_at(created_at)
    version = Version(download=download, author=actor.user, created_at=made_at, released_at=made_at)
    wanted = _wanted_state(actor, download, state, publish_at)
    values = {"channel": _channel(channel or download.default_channel), **_numbered(download, number), **fields}
    _check_texts(values)
    _check_base(download, values)
    assign(version, values)
    check_number_is_free(version)
    with tally_changes(version):
        _enter(version, wanted, publish_at)
        version.save()
    if is_public(version):  # it has no files yet
        remember_number(version)
    audit.record(actor=actor, action=AuditAction.VERSION_CREATE, target=version, changes={"state": version.state})
    events = [EventType.VERSION_CREATED] + [EventType.VERSION_PUBLISHED] * version.is_released
    webhooks.publish_all(actor=actor, events=events, target=version)
    return version


@transaction.atomic
def update_version(*, actor: Actor, version: Version, **fields: Any) -> Version:
    """Change only the given fields. The old number and channel stay this version's forever once they were public.

    Errors: NotFound, Denied; Invalid; Conflict when deleted, sealed, or the number belongs to another version.
    """
    version_policy.ensure("edit", actor, version)
    version = lock_version(version)
    version_policy.ensure("edit", actor, version)
    if "channel" in fields:
        fields["channel"] = _channel(fields["channel"])
    if fields.get("number", version.number) != version.number:
        fields |= _numbered(version.download, fields["number"])
    _check_texts(fields)
    _check_base(version.download, fields)
    changes = audit.changed_fields(version, fields)
    if not changes:
        return version
    if version.sealed_at and not changes.keys() <= {"visibility"}:
        raise Conflict(ErrorCode.VERSION_IS_SEALED, "This version is sealed: what was published stays as it is.")
    _renumber(version, fields, changes)
    audit.record(actor=actor, action=AuditAction.VERSION_UPDATE, target=version, changes=_readable(changes))
    webhooks.publish(actor=actor, event=EventType.VERSION_UPDATED, target=version)
    return version


@transaction.atomic
def restore_version(*, actor: Actor, version: Version) -> Version:
    """Errors: NotFound, Denied; Conflict when it is not deleted."""
    version_policy.ensure("restore", actor, version)
    version = lock_version(version)
    if not version.is_deleted:
        if actor.is_superuser:
            return version
        raise Conflict(ErrorCode.NOT_DELETED, "This is not deleted.")
    with tally_changes(version):
        version.mark_restored()
    remember_public(version)
    audit.record(actor=actor, action=AuditAction.VERSION_RESTORE, target=version)
    webhooks.publish(actor=actor, event=EventType.VERSION_RESTORED, target=version)
    return version


def _lock_for_posting(actor: Actor, download_id: int) -> Download:
    try:
        download = lock_download(download_id)
    except Download.DoesNotExist:
        raise NotFound from None
    download_policy.ensure("post_version", actor, download)
    return download


def _wanted_state(actor: Actor, download: Download, state: str, publish_at: datetime | None) -> str:
    if not state:
        state = Version.State.DRAFT if download.seal_on_publish else Version.State.PUBLISHED
    if state not in {Version.State.DRAFT, Version.State.SCHEDULED, Version.State.PUBLISHED}:
        raise Invalid(ErrorCode.INVALID, "state is one of draft, scheduled, published.", field="state")
    if state == Version.State.SCHEDULED and (publish_at is None or publish_at <= timezone.now()):
        raise Invalid(ErrorCode.INVALID, "A scheduled version needs publish_at, a time to come.", field="publish_at")
    return Version.State.PENDING if state != Version.State.DRAFT and needs_approval(actor, download) else state


def _made_at(created_at: datetime | None) -> datetime:
    now = timezone.now()
    if created_at is not None and created_at > now:
        raise Invalid(ErrorCode.INVALID, "created_at lies in the future.", field="created_at")
    return created_at or now


def _enter(version: Version, state: str, publish_at: datetime | None) -> None:
    version.publish_at = publish_at if state == Version.State.SCHEDULED else None
    if state == Version.State.PUBLISHED:
        mark_published(version)
    else:
        version.state = Version.State(state)


def _numbered(download: Download, text: str) -> dict[str, Any]:
    """The fields that follow from the version string, read as the download's scheme says."""
    number = _parse(text, Scheme(download.version_scheme) if download.version_scheme else None)
    return {
        "number": number.text,
        "scheme": number.scheme.value,
        "sort_key": number.sort_key,
        "version_int": number.version_int,
        "is_prerelease": number.is_prerelease,
    }


def _parse(text: str, scheme: Scheme | None) -> Number:
    try:
        return parse(text, scheme)
    except InvalidNumber as error:
        raise Invalid(ErrorCode.VERSION_NUMBER_INVALID, str(error), field="number", reason=error.code) from error


def _channel(text: str) -> str:
    try:
        return clean_channel(text)
    except InvalidChannel as error:
        raise Invalid(ErrorCode.INVALID, str(error), field="channel") from error


def _check_texts(values: dict[str, Any]) -> None:
    for name in TEXTS:
        if len(values.get(name, "")) > settings.MAX_NOTES_CHARACTERS:
            limit = settings.MAX_NOTES_CHARACTERS
            raise Invalid(ErrorCode.INVALID, f"{name} is longer than {limit} characters.", field=name, limit=limit)


def _check_base(download: Download, values: dict[str, Any]) -> None:
    """Lineage stays inside one download, whatever the client names."""
    base = values.get("base_version")
    if base is not None and base.download_id != download.pk:
        raise Invalid(ErrorCode.INVALID, "The base version belongs to another download.", field="base_version")


def _renumber(version: Version, fields: dict[str, Any], changes: dict[str, Any]) -> None:
    is_moved = not {"number", "channel"}.isdisjoint(changes)
    with tally_changes(version):
        assign(version, fields)
        if is_moved:
            check_number_is_free(version)
        version.save()
    if is_moved or "visibility" in changes:
        remember_public(version)


def _readable(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: change for name, change in changes.items() if name != "sort_key"}
