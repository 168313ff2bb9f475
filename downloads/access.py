"""Look up the access that a user has to downloads: team flags, shares and stores.

The result is cached on the actor until the request takes a lock. One query serves any number of downloads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q

from downloads.models import Download, Share, TeamMember
from downloads.querysets import DownloadQuerySet, in_store_of
from releasehub.accounts.models import Membership
from releasehub.audit.rights_cache import cached_right
from releasehub.core.actor import Actor, forget_rights
from releasehub.core.ids import as_parameter, subquery_of
from releasehub.core.sql_templates import OTHER_SAMPLE_ID, SAMPLE_ID, SqlTemplate


@dataclass(frozen=True)
class Access:
    """The access of one user to one download.

    Attributes:
        flags: The team flags of the user that are in force, named like the fields of TeamMember.
    """

    flags: frozenset[str] = frozenset()
    is_shared: bool = False
    is_in_store: bool = False


NOTHING = Access()
BY_FLAG = {f"my_{flag}": flag for flag in TeamMember.FLAGS}
OTHER_TIES = ("belongs", "shared", "stored")
TIES = (*BY_FLAG, *OTHER_TIES)
NO_USER_ID = 0  # for anonymous visitors; no user has this id


def access_to(actor: Actor, download_id: int) -> Access:
    """Return the access of the actor to one download, without a query if it was loaded before."""
    load_access(actor, [download_id])
    return actor.rights.get(("access", download_id), NOTHING)


def load_access(actor: Actor, download_ids: Iterable[int]) -> None:
    """Load the access of the actor to all these downloads with at most one query.

    Lists call this before they ask the policies for each row, so that the policies need no query per row.
    """
    missing_ids = {pk for pk in download_ids if ("access", pk) not in actor.rights}
    if actor.user_id is None or not missing_ids:
        return
    for pk, access in _query(actor.user_id, missing_ids).items():
        actor.rights["access", pk] = access
    # Remember the downloads without a row, too. Otherwise each policy check would query for them again.
    for pk in missing_ids:
        actor.rights.setdefault(("access", pk), NOTHING)


def find_with_access(actor: Actor, pk: int) -> Download | None:
    """Return the download with this id, deleted or not, and load its category and the actor's access in one query."""
    download = _by_id.first(pk=pk, user_id=actor.user_id or NO_USER_ID)
    return remember_access(actor, download)


def find_with_cached_access(actor: Actor, pk: int) -> Download | None:
    """Return the same as `find_with_access`, up to a second old (see `releasehub.audit.rights_cache`).

    Use it in requests that only read, and only to check rights, because the other columns may be outdated, too.
    """
    user_id = actor.user_id or NO_USER_ID
    download = cached_right(f"access:{user_id}:{pk}", lambda: _by_id.first(pk=pk, user_id=user_id))
    return remember_access(actor, download)


def remember_access(actor: Actor, download: Download | None) -> Download | None:
    """Cache the access that was loaded with the download, and return the download.

    Actors without a user have no access of their own, although the columns of a download in a public store say so.
    """
    if download is not None and actor.user_id is not None:
        ties = {name: getattr(download, name) for name in TIES}
        actor.rights["access", download.pk] = _access(ties)
    return download


def _query(user_id: int, download_ids: set[int]) -> dict[int, Access]:
    rows = _ties_of.tuples(ids=as_parameter(download_ids), user_id=user_id)
    return {pk: _access(dict(zip(TIES, row, strict=True))) for pk, *row in rows}


def with_ties(rows: DownloadQuerySet, user_id: int) -> DownloadQuerySet:
    """Add columns that say how the user is related to each download.

    `FilteredRelation` joins only the user's own row of the team, so that the join does not multiply the downloads.
    """
    return rows.annotate(
        mine=FilteredRelation("team", condition=Q(team__user=user_id)),
        belongs=Q(organization__isnull=True)
        | Q(Exists(Membership.objects.filter(organization=OuterRef("organization"), user=user_id))),
        shared=Exists(Share.objects.in_force().filter(download=OuterRef("pk"), user=user_id)),
        stored=in_store_of(user_id),
        **{name: F(f"mine__{flag}") for name, flag in BY_FLAG.items()},
    )


def _access(row: dict[str, Any]) -> Access:
    """Return the access that the columns of `with_ties` describe.

    Team flags on a download of an organization count only while the user belongs to that organization.
    """
    flags = frozenset(flag for name, flag in BY_FLAG.items() if row["belongs"] and row[name])
    return Access(flags=flags, is_shared=bool(row["shared"]), is_in_store=bool(row["stored"]))


def lock_row(pk: int, *, for_erasure: bool = False) -> Download | None:
    """Return the download with this id, deleted or not, locked until the transaction ends.

    The joined category and owner stay unlocked, because other requests need them. Rows that refer to the download, such
    as views of its page, can be inserted in the meantime, unless the lock is taken to erase it.
    """
    download: Download | None = _to_lock(pk, no_key=False).first() if for_erasure else _locked.first(pk=pk)
    forget_rights()
    return download


_by_id: SqlTemplate[Download] = SqlTemplate(
    lambda pk, user_id: with_ties(
        Download.all_objects.select_related("category").filter(pk=pk).order_by(), user_id=user_id
    ),
    pk=SAMPLE_ID,
    user_id=OTHER_SAMPLE_ID,
)
_ties_of: SqlTemplate[Download] = SqlTemplate(
    lambda ids, user_id: with_ties(
        Download.all_objects.filter(pk__in=subquery_of(ids)).order_by(), user_id=user_id
    ).values_list("pk", *TIES),
    ids=as_parameter([SAMPLE_ID]),
    user_id=OTHER_SAMPLE_ID,
)


def _to_lock(pk: int, *, no_key: bool) -> DownloadQuerySet:
    rows: DownloadQuerySet = Download.all_objects.select_for_update(of=("self",), no_key=no_key)
    return rows.select_related("category", "owner").filter(pk=pk).order_by()


_locked: SqlTemplate[Download] = SqlTemplate(partial(_to_lock, no_key=True), pk=SAMPLE_ID)
