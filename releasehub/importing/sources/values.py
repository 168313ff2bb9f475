"""Read values out of the JSON of a source. A value of another type counts as missing."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import SourceRefused, SourceSettings
from releasehub.outbound.failures import InvalidUrl
from releasehub.outbound.urls import parse_target
from versions.numbering import InvalidNumber, parse
from versions.tags import number_of_tag

MAX_SIZE_BYTES = 2**63 - 1
FIRST_YEAR = 1970
MAX_ROWS = 10_000  # of a list that is needed as a whole, such as the files of one version


def row_list(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return value
    raise SourceRefused("The source does not answer with a list of releases. Check the address and the URL of its API.")


def text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def text_list(row: Mapping[str, Any], name: str) -> list[str]:
    value = row.get(name)
    return [item for item in value if isinstance(item, str) and item] if isinstance(value, list) else []


def number(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) and 0 <= value <= MAX_SIZE_BYTES else 0


def flag(row: Mapping[str, Any], name: str) -> bool:
    return row.get(name) is True


def moment(row: Mapping[str, Any], name: str) -> datetime | None:
    """Return an ISO 8601 time in UTC; without an offset, it is in UTC.

    A time before 1970 counts as missing: some hosts state the year 1 if there is none.
    """
    try:
        value = parse_datetime(text(row, name))
        found = value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC) if value else None
    except (ValueError, OverflowError):
        return None
    return found if found and found.year >= FIRST_YEAR else None


def base_url_of(url: str) -> str:
    """Return the base URL of an API, as a person entered it.

    Raises:
        Invalid: It is not an absolute URL, or it has a query.
    """
    try:
        target = parse_target(url.strip())
    except InvalidUrl as error:
        raise Invalid(str(error), field="api_url") from None
    if "?" in target.path:
        raise Invalid("Enter the URL of the API without a query.", field="api_url")
    return target.url.rstrip("/")


def tag_and_number(number: str) -> tuple[str, str]:
    """Return the tag and the number of a release whose source has numbers, but no tags.

    A number with a v, such as v1.2, is kept as the tag. The number then follows from it, so that v1.2 and 1.2 are one.
    """
    return (number, "") if re.match("[vV][0-9]", number) else ("", number)


def names_prerelease(number: str) -> bool:
    """Return whether the number, which may be a tag, has a part that makes it a pre-release, such as 2.0.0-rc.1."""
    try:
        return parse(number_of_tag(number)).is_prerelease
    except InvalidNumber:
        return False


def required_base_url(settings: SourceSettings, example: str) -> str:
    """Return the base URL of the API of a source that has no default."""
    if not settings.api_url:
        raise Invalid(f"Enter the URL of the server, such as {example}.", field="api_url")
    return base_url_of(settings.api_url)


def object_of(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise SourceRefused("The source answers in another format. Check the address and the URL of its API.")


def epoch(row: Mapping[str, Any], name: str) -> datetime | None:
    """Return a time in Unix seconds; 0 stands for no time."""
    seconds = number(row, name)
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OverflowError, ValueError, OSError):
        return None
