"""Build and change versions. Their states and flags belong to `releasehub.publishing.lifecycle`."""

from collections.abc import Set
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
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType
from versions.channels import InvalidChannel, channel_of_prerelease, clean_channel, clean_channel_name
from versions.exposure import remember_public
from versions.models import Version
from versions.numbering import InvalidNumber, Number, parse
from versions.platforms import MAX_PLATFORM_CHARACTERS, MAX_PLATFORMS, distinct_platforms, platform_key
from versions.policies import version_policy
from versions.rollout import EVERYONE, NOBODY
from versions.services.locking import lock_version, tally_changes
from versions.services.numbers import check_number_is_free
from versions.services.tags import with_number_of_tag

TEXTS = ("release_notes", "changelog")
# Fields that say to whom a version is offered, and not what it is. A seal does not cover them.
UNSEALED_FIELDS = frozenset({"rollout_percent"})
DERIVED_FIELDS = frozenset({"sort_key", "platform_keys", "first_platform"})
LIFECYCLE_FIELDS = frozenset(
    {
        *(
            "state",
            "publish_at",
            "scheduled_by",
            "published_at",
            "public_since",
            "is_security_release",
            "sealed_at",
            "seal_on_publish",
        ),
        *("yanked_at", "is_active", "deleted_at"),
    }
)


def build_version(
    *,
    actor: Actor,
    download_id: int,
    number: str = "",
    channel: str = "",
    created_at: datetime | None = None,
    **fields: Any,
) -> Version:
    """Return a checked, unsaved version of a download that stays locked until the transaction ends.

    A version with a `tag` needs no number: it follows from the tag.
    `created_at` may lie in the past, for a version that is older than its entry in this hub. If `channel` is empty, a
    pre-release goes into the channel that its identifier names (2.0.0-rc.1 into rc), and any other version into the
    default channel of the download.

    Raises:
        Invalid: A field has an invalid value.
        Conflict: The number is or was used in that channel, the tag leads to another version, or the category allows
            only one version.
    """
    _refuse_lifecycle_fields(fields)
    download = _lock_for_posting(actor, download_id)
    if not rules_of(download.category).has_versioning and download.version_count:
        raise Conflict(
            ErrorCode.VERSION_STATE,
            f"The category {download.category.title} allows only one version per download. Change the "
            "existing version, or choose another category.",
        )
    made_at = _made_at(created_at)
    version = Version(download=download, author=actor.user, created_at=made_at, released_at=made_at)
    fields = with_number_of_tag(download, {**fields, "number": number})
    parsed_number = _parse_number(download, fields["number"])
    channel = channel or _channel_for(download, parsed_number)
    values = {**_with_platform_keys(fields), **_channel_fields(channel), **_number_fields(parsed_number)}
    _check_texts(values)
    _check_rollout(values)
    _check_base(download, values)
    assign(version, values)
    check_number_is_free(version)
    return version


@transaction.atomic
def update_version(*, actor: Actor, version: Version, **fields: Any) -> Version:
    """Change only the given fields of a version.

    If outsiders could see the version under its old number and channel, these stay reserved for it forever. The
    visibility and the state are changed by `releasehub.publishing.lifecycle.move`, not here.

    Raises:
        Invalid: A field has an invalid value.
        Conflict: The version is deleted or sealed, or the number or tag belongs to another version.
    """
    _refuse_lifecycle_fields(fields, also={"visibility"})
    version = version_policy.ensure_locked("edit", actor, version, lock_version)
    fields = with_number_of_tag(version.download, _with_platform_keys(fields), version)
    if fields.get("number", version.number) != version.number:
        parsed_number = _parse_number(version.download, fields["number"])
        if parsed_number.is_prerelease and not version.is_prerelease:
            fields.setdefault("channel", _channel_for(version.download, parsed_number))
        fields |= _number_fields(parsed_number)
    if "channel" in fields:
        fields |= _channel_fields(fields["channel"])
    _check_texts(fields)
    _check_rollout(fields)
    _check_base(version.download, fields)
    changes = audit.changed_fields(version, fields)
    if not changes:
        return version
    if version.sealed_at and changes.keys() - UNSEALED_FIELDS:
        raise Conflict(
            ErrorCode.VERSION_IS_SEALED,
            f"Version {version.number} is sealed and cannot be changed. Create a new version instead.",
        )
    _renumber(version, fields, changes)
    audit.record(actor=actor, action=AuditAction.VERSION_UPDATE, target=version, changes=_readable(changes))
    webhooks.publish(actor=actor, event=EventType.VERSION_UPDATED, target=version)
    return version


def _lock_for_posting(actor: Actor, download_id: int) -> Download:
    """Lock the download and return it, if the actor may post versions to it."""
    download = lock_download(download_id)
    download_policy.ensure("post_version", actor, download)
    return download


def _made_at(created_at: datetime | None) -> datetime:
    """Return the creation time of a new version: the time that the caller names, or now."""
    now = timezone.now()
    if created_at is not None and created_at > now:
        raise Invalid(
            f"created_at is {created_at.isoformat()}, which is in the future. Set it to a past time, or leave it out.",
            field="created_at",
        )
    return created_at or now


def _refuse_lifecycle_fields(fields: dict[str, Any], *, also: Set[str] = frozenset()) -> None:
    """Raise TypeError if the caller tries to change a field of the lifecycle.

    This is an error in the program and not of the user: such a change would bypass the guards of the transition table.
    """
    if wrong := (LIFECYCLE_FIELDS | also) & fields.keys():
        raise TypeError(f"Change {', '.join(sorted(wrong))} through releasehub.publishing.lifecycle.")


def _number_fields(number: Number) -> dict[str, Any]:
    return {
        "number": number.text,
        "scheme": number.scheme.value,
        "sort_key": number.sort_key,
        "version_int": number.version_int,
        "is_prerelease": number.is_prerelease,
    }


def _parse_number(download: Download, text: str) -> Number:
    try:
        return parse(text, download.version_scheme)
    except InvalidNumber as error:
        raise Invalid(str(error), field="number", reason=error.code, code=ErrorCode.VERSION_NUMBER_INVALID) from error


def _channel_for(download: Download, number: Number) -> str:
    """Return the channel of a version whose author named no channel.

    A pre-release goes into the channel that its identifier names, so that it never gets into stable by accident.
    """
    if number.is_prerelease:
        return channel_of_prerelease(number.prerelease)
    return str(download.default_channel)


def _channel_fields(text: str) -> dict[str, str]:
    """Return the fields of a version that follow from the name of its channel."""
    try:
        channel, name = clean_channel(text), clean_channel_name(text)
    except InvalidChannel as error:
        raise Invalid(str(error), field="channel") from error
    return {"channel": channel, "channel_name": "" if name == channel else name}


def _with_platform_keys(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with those that follow from the declared platforms, if they are among them."""
    if "platforms" not in fields:
        return fields
    platforms = fields["platforms"]
    if not isinstance(platforms, list) or not all(isinstance(name, str) and _is_platform(name) for name in platforms):
        message = f"platforms must be a list of names, each of one line with 1 to {MAX_PLATFORM_CHARACTERS} characters."
        raise Invalid(message, field="platforms")
    platforms = distinct_platforms(platforms)
    if len(platforms) > MAX_PLATFORMS:
        raise Invalid(f"A version can declare at most {MAX_PLATFORMS} platforms.", field="platforms")
    keys = sorted(map(platform_key, platforms))
    return fields | {"platforms": platforms, "platform_keys": keys, "first_platform": next(iter(keys), "")}


def _is_platform(name: str) -> bool:
    return bool(name.strip()) and max(len(name), len(name.lower())) <= MAX_PLATFORM_CHARACTERS and name.isprintable()


def _check_texts(values: dict[str, Any]) -> None:
    """Raise Invalid if the release notes or the changelog are too long."""
    for name in TEXTS:
        if len(values.get(name, "")) > settings.MAX_NOTES_CHARACTERS:
            limit = settings.MAX_NOTES_CHARACTERS
            raise Invalid(
                f"{name} has {len(values[name])} characters, but the limit is {limit}. Shorten the text.",
                field=name,
                limit=limit,
            )


def _check_rollout(values: dict[str, Any]) -> None:
    """Raise Invalid if the share of clients is not a percentage."""
    percent = values.get("rollout_percent", EVERYONE)
    if not isinstance(percent, int) or not NOBODY <= percent <= EVERYONE:
        message = f"rollout_percent is {percent}, but must be a whole number from {NOBODY} to {EVERYONE}."
        raise Invalid(message, field="rollout_percent")


def _check_base(download: Download, values: dict[str, Any]) -> None:
    """Raise Invalid if the base version belongs to another download."""
    base = values.get("base_version")
    if base is not None and base.download_id != download.pk:
        raise Invalid(
            "The base version belongs to another download. Choose a version of this download.", field="base_version"
        )


def _renumber(version: Version, fields: dict[str, Any], changes: dict[str, Any]) -> None:
    """Save the fields. If number, channel or platforms changed, check that they are free, and reserve public ones."""
    is_moved = not {"number", "channel", "platform_keys"}.isdisjoint(changes)
    with tally_changes(version):
        assign(version, fields)
        if is_moved:
            was_twin, is_new_place = version.is_twin, not {"number", "channel"}.isdisjoint(changes)
            check_number_is_free(version)
            # The first version with a number stays the first one, so that links without a platform still lead to it.
            version.is_twin = version.is_twin if is_new_place else was_twin
        version.save()
    if is_moved or "tag" in changes:
        remember_public(version)


def _readable(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the changes without the fields that follow from others and mean nothing to a reader of the audit log."""
    return {name: change for name, change in changes.items() if name not in DERIVED_FIELDS}
