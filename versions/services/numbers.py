"""Check that the number of a version is free: no other version has it, or had it while outsiders could see it."""

from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Exists, Func, Q, QuerySet, TextField, Value

from downloads.models import Download
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.sql_templates import OTHER_SAMPLE_ID, SAMPLE_ID, SqlTemplate
from versions.models import PublicNumber, PublicTag, Version
from versions.platforms import overlap

ADVICE = "A version number that was public cannot be used again. Choose another number."
BUILD_ADVICE = (
    "The text after + is ignored when versions are compared, unless the version scheme of the "
    "download counts builds. Choose another number."
)
NO_KEY = Value(None, output_field=BigIntegerField())


def check_number_is_free(version: Version) -> None:
    """Raise Conflict if the number of this version is taken in its channel for one of its platforms.

    Otherwise, set `is_twin`: whether the number is in use for other platforms. The caller holds the lock on the
    download, so no other request can take the number before this one commits.

    Raises:
        Conflict: Another version has or had the number. The message names that version.
    """
    # One query answers the usual case. The queries that look at platforms run only if the number is in use.
    query = _number_and_key_query if version._state.adding else _number_query
    ((version.is_twin, reserved_key),) = query.tuples(
        download=version.download_id,
        channel=version.channel,
        sort_key=bytes(version.sort_key),
        number=version.number,
        but=version.pk or 0,
    )
    version.pk = version.pk or reserved_key
    if not version.is_twin or (found := _explain(version)) is None:
        return
    in_the_way, message = found
    raise Conflict(
        ErrorCode.VERSION_NUMBER_TAKEN,
        message,
        field="number",
        number=version.number,
        channel=version.channel,
        in_the_way=in_the_way,
    )


def _explain(version: Version) -> tuple[str, str] | None:
    """Return the number that is in the way and the message for the caller, or None if all others are twins."""
    same = Q(sort_key=bytes(version.sort_key)) | Q(number=version.number)
    place = {"download": version.download_id, "channel": version.channel}
    problem = f"{version.number} cannot be used in the channel {version.channel}"
    values = (version.download_id, version.channel, bytes(version.sort_key), version.number, version.pk or 0)
    if _same_tags(*values).exists():
        return version.number, f"{problem}: it was public as the tag of another version. {ADVICE}"
    others = Version.all_objects.filter(same, **place).exclude(pk=version.pk or 0).order_by("is_twin", "pk")
    holder = next((row for row in others if overlap(row.platform_keys, version.platform_keys)), None)
    if holder is None:
        numbers = PublicNumber.objects.filter(same, **place).exclude(version=version.pk or 0).select_related("version")
        past = next(
            (row for row in numbers if overlap([row.platform] if row.platform else [], version.platform_keys)), None
        )
        if past is None:
            return None
        now = f"is now {past.version.number} in {past.version.channel}" if past.version else "was erased"
        return past.number, f"{problem}: version {past.number} was public and {now}. {ADVICE}"
    differs = "" if holder.number == version.number else " compares equal and"
    state = "is deleted and can be restored" if holder.is_deleted else "exists"
    shown = f" for {', '.join(holder.platforms)}" if holder.platforms and version.platform_keys else ""
    hint = BUILD_ADVICE if "+" in f"{holder.number}{version.number}" and differs else "Choose another number."
    return holder.number, f"{problem}: version {holder.number}{differs} {state}{shown}. {hint}"


def _is_in_use(download: int, channel: str, sort_key: bytes, number: str, but: int, next_key: Any = NO_KEY) -> Any:
    """Return whether a version other than `but` has or had the number in the channel, and the value of `next_key`.

    Separate EXISTS let the database answer each of them from one index; a single one with OR inside could not.
    """
    place = {"download": download, "channel": channel}
    versions = Version.all_objects.filter(**place).exclude(pk=but)
    past = PublicNumber.objects.filter(**place).exclude(version=but)
    has_number = Q(Exists(_same_tags(download, channel, sort_key, number, but)))
    has_number |= Exists(versions.filter(sort_key=sort_key)) | Exists(past.filter(sort_key=sort_key))
    has_number |= Exists(versions.filter(number=number)) | Exists(past.filter(number=number))
    rows = Download.all_objects.filter(pk=download).order_by()
    return rows.annotate(is_in_use=has_number, next_key=next_key).values_list("is_in_use", "next_key")


def _same_tags(download: int, channel: str, sort_key: bytes, number: str, but: int) -> QuerySet[PublicTag]:
    """Return the public tag of another version that the links to this number would lead to.

    Only links to versions of the default channel name no channel. Versions for other platforms may share the number.
    """
    tags = PublicTag.objects.filter(download=download, download__default_channel=channel, tag=number)
    return tags.exclude(version=but).exclude(version__channel=channel, version__sort_key=sort_key)


def _is_in_use_and_next_key(**values: Any) -> Any:
    """Return the same, and the primary key for a new version if the database has sequences."""
    table, column = Version._meta.db_table, Version._meta.pk.column
    sequence = Func(Value(table), Value(column), function="pg_get_serial_sequence", output_field=TextField())
    next_key = Func(sequence, function="nextval", output_field=BigIntegerField())
    return _is_in_use(**values, next_key=next_key if connection.vendor == "postgresql" else NO_KEY)


_SAMPLES: dict[str, Any] = {
    "download": SAMPLE_ID,
    "channel": "a channel",
    "sort_key": b"a sort key",
    "number": "a number",
    "but": OTHER_SAMPLE_ID,
}
_number_query: SqlTemplate[Download] = SqlTemplate(_is_in_use, **_SAMPLES)
_number_and_key_query: SqlTemplate[Download] = SqlTemplate(_is_in_use_and_next_key, **_SAMPLES)
