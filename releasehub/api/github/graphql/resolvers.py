"""Resolve the fields of the schema. Fields without a resolver here are items of the mapping that is their parent."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLResolveInfo

from releasehub.accounts.models import Organization, User
from releasehub.api.github.graphql.errors import QueryError
from releasehub.api.github.graphql.repositories import Caller, Repository
from releasehub.core.errors import DomainError
from releasehub.distribution.repositories import find_repository

Mapped = Mapping[str, Any]
Info = GraphQLResolveInfo[Caller]


def find(_: Any, info: Info, owner: str, name: str) -> Repository:
    caller = info.context
    try:
        return Repository(caller, find_repository(caller.actor, owner, name))
    except DomainError as error:
        raise QueryError("NOT_FOUND", f"There is no repository {owner}/{name}, or you may not see it.") from error


def viewer(_: Any, info: Info) -> Mapped:
    user = info.context.actor.user
    if user is None:
        raise QueryError("UNAUTHENTICATED", "The request names no user. Send the API key of a user.")
    return person(user)


def person(owner: User | Organization) -> Mapped:
    """Return the fields of the type `User`, which stands for organizations, too."""
    if isinstance(owner, Organization):
        return {"id": owner.public_id, "login": owner.slug, "name": owner.name}
    return {"id": owner.public_id, "login": owner.get_username(), "name": owner.get_full_name() or None}


def release(source: Repository, _: Info, tagName: str) -> Mapped | None:  # noqa: N803 - as on the wire
    version = source.find_release(tagName)
    return source.release(version) if version else None


def latest_release(source: Repository, _: Info) -> Mapped | None:
    return source.release(source.latest) if source.latest else None


def ref(source: Repository, _: Info, qualifiedName: str) -> Mapped | None:  # noqa: N803 - as on the wire
    prefix, tag = "refs/tags/", qualifiedName.removeprefix("refs/tags/")
    version = source.find_release(tag) if qualifiedName.startswith(prefix) else None
    return {"id": version.public_id, "name": version.tag_name} if version and version.is_released else None


def releases(
    source: Repository,
    _: Info,
    first: int | None = None,
    after: str | None = None,
    orderBy: Mapped | None = None,  # noqa: N803 - as on the wire
) -> Mapped:
    return source.page_of_releases(first=first, after=after, order=orderBy)


Resolver = Callable[..., Any]
RESOLVERS: dict[str, dict[str, Resolver]] = {
    "Query": {"repository": find, "viewer": viewer},
    "Repository": {
        "id": lambda source, _: source.download.public_id,
        "name": lambda source, _: source.download.slug,
        "nameWithOwner": lambda source, _: source.full_name,
        "description": lambda source, _: source.download.tag_line,
        "isPrivate": lambda source, _: source.is_private,
        "url": lambda source, _: source.url,
        "owner": lambda source, _: person(source.download.organization or source.download.owner),
        "release": release,
        "latestRelease": latest_release,
        "ref": ref,
        "releases": releases,
    },
}
