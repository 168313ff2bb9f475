"""A download as a repository of the schema, and the pages of its versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError

from downloads.models import Download
from releasehub.api.common.cursors import INVALID, Order
from releasehub.api.github.graphql.errors import QueryError
from releasehub.api.github.graphql.limits import DEFAULT_FIRST, MAX_FIRST
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError, NotFound
from releasehub.distribution.git_releases import find_latest, is_private, is_visible, release_total, releases_of
from releasehub.distribution.permalinks import find_tagged_version
from releasehub.distribution.repositories import repository_name
from releasehub.distribution.web_addresses import release_path, web_path
from versions.models import Version
from versions.querysets import VersionQuerySet

COLUMNS = {"CREATED_AT": "created_at", "NAME": "sort_key"}
NEWEST_FIRST = {"field": "CREATED_AT", "direction": "DESC"}


@dataclass(frozen=True)
class Caller:
    """The actor of a query, and the beginning of absolute URLs in its answer."""

    actor: Actor
    base_url: str


class Repository:
    """A download that the caller may see."""

    def __init__(self, caller: Caller, download: Download) -> None:
        self.caller, self.download = caller, download

    @property
    def full_name(self) -> str:
        return repository_name(self.download)

    @property
    def url(self) -> str:
        return self.caller.base_url + web_path(self.download)

    @property
    def is_private(self) -> bool:
        return is_private(self.download)

    @cached_property
    def latest(self) -> Version | None:
        try:
            return find_latest(self.download)
        except NotFound:
            return None

    def find_release(self, tag: str) -> Version | None:
        """Return the version with this tag, a draft only to those who see drafts."""
        try:
            version = find_tagged_version(self.caller.actor, self.download, tag)
        except DomainError:
            return None
        return version if is_visible(self.caller.actor, version) else None

    def page_of_releases(
        self, *, first: int | None, after: str | None, order: Mapping[str, str] | None
    ) -> Mapping[str, Any]:
        """Return the fields of one page of the list, with one query."""
        length = checked_length(first)
        rows = releases_of(self.caller.actor, self.download).order_by(*criteria_of(order or NEWEST_FIRST))
        rule = Order.of(rows)
        found = list(resumed(rule, rows.defer("package_manifest"), after)[: length + 1])
        page = found[:length]
        for version in page:
            version.download = self.download
        return {
            "nodes": [self.release(version) for version in page],
            "totalCount": release_total(self.caller.actor, self.download),
            "pageInfo": {
                "hasNextPage": len(found) > length,
                "endCursor": rule.cursor(page[-1], 1) if page else None,
            },
        }

    def release(self, version: Version) -> Mapping[str, Any]:
        """Return the fields of the type `Release`. The latest version is looked up only if the query asks for it."""
        return {
            "id": version.public_id,
            "databaseId": version.pk,
            "name": version.title or None,
            "tagName": version.tag_name,
            "description": version.notes,
            "isDraft": not version.is_released,
            "isPrerelease": version.is_in_prerelease_channel,
            "isLatest": lambda _: self.latest is not None and self.latest.pk == version.pk,
            "immutable": version.sealed_at is not None,
            "url": self.caller.base_url + release_path(self.download, version.tag_name),
            "createdAt": version.created_at,
            "publishedAt": version.published_at if version.is_released else None,
        }


def checked_length(first: int | None) -> int:
    length = DEFAULT_FIRST if first is None else first
    if not 0 <= length <= MAX_FIRST:
        raise QueryError("EXCESSIVE_PAGINATION", f"`first` is {length}, but a page has 0 to {MAX_FIRST} releases.")
    return length


def criteria_of(order: Mapping[str, str]) -> tuple[str, str]:
    """Return the criteria of the order. The primary key is the last one, so that the order is total."""
    sign = "-" if order["direction"] == "DESC" else ""
    return f"{sign}{COLUMNS[order['field']]}", f"{sign}id"


def resumed(rule: Order, rows: VersionQuerySet, after: str | None) -> QuerySet[Version]:
    if not after:
        return rows
    try:
        return rule.resume(rows, after)[0]
    except ValidationError as error:
        raise QueryError("INVALID_CURSOR_ARGUMENTS", INVALID) from error
