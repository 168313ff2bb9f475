"""What ties a user to a download: looked up once per request, for any number of downloads, in one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q

from downloads.models import Download, Share, TeamMember
from downloads.querysets import DownloadQuerySet, in_store_of
from releasehub.accounts.models import Membership
from releasehub.core.sql_templates import OTHER_SAMPLE_ID, SAMPLE_ID, SqlTemplate

if TYPE_CHECKING:
    from releasehub.core.actor import Actor


@dataclass(frozen=True)
class Access:
    """`flags`: the team flags of the user that count, named as the fields of TeamMember."""

    flags: frozenset[str] = frozenset()
    is_shared: bool = False
    is_in_store: bool = False


NOTHING = Access()
BY_FLAG = {f"my_{flag}": flag for flag in TeamMember.FLAGS}
OTHER_TIES = ("belongs", "shared", "stored")


def access_to(actor: Actor, download_id: int) -> Access:
    """The user's ties to one download; from memory when it was loaded before."""
    load_access(actor, [download_id])
    access: Access = actor.facts.get(("access", download_id), NOTHING)
    return access


def load_access(actor: Actor, download_ids: Iterable[int]) -> None:
    """Fetch the ties to all these downloads, at most one query; lists call it before they ask policies."""
    missing = {pk for pk in download_ids if ("access", pk) not in actor.facts}
    if actor.user_id is None or not missing:
        return
    for pk, access in _query(actor.user_id, missing).items():
        actor.facts["access", pk] = access
    for pk in missing:
        actor.facts.setdefault(("access", pk), NOTHING)


def find_with_access(actor: Actor, pk: int) -> Download | None:
    """The download of that id, deleted or not, with its category and what ties the user to it, in one query."""
    if actor.user_id is None:
        return _alone.first(pk=pk)
    return _remembered(actor, _tied.first(pk=pk, user_id=actor.user_id))


def first_with_access(actor: Actor, rows: DownloadQuerySet) -> Download | None:
    """The first of the rows with what ties the user to it, in one query."""
    if actor.user_id is None:
        return rows.first()
    return _remembered(actor, _with_ties(rows, actor.user_id).first())


def _remembered(actor: Actor, download: Download | None) -> Download | None:
    if download is not None:
        ties = {name: getattr(download, name) for name in (*BY_FLAG, *OTHER_TIES)}
        actor.facts["access", download.pk] = _access(ties)
    return download


def _query(user_id: int, download_ids: set[int]) -> dict[int, Access]:
    rows = _with_ties(Download.all_objects.filter(pk__in=download_ids).order_by(), user_id)
    return {row["pk"]: _access(row) for row in rows.values("pk", *BY_FLAG, *OTHER_TIES)}


def _with_ties(rows: DownloadQuerySet, user_id: int) -> DownloadQuerySet:
    tied: DownloadQuerySet = rows.annotate(
        mine=FilteredRelation("team", condition=Q(team__user=user_id)),
        belongs=Q(organization__isnull=True)
        | Q(Exists(Membership.objects.filter(organization=OuterRef("organization"), user=user_id))),
        shared=Exists(Share.objects.in_force().filter(download=OuterRef("pk"), user=user_id)),
        stored=in_store_of(user_id),
        **{name: F(f"mine__{flag}") for name, flag in BY_FLAG.items()},
    )
    return tied


def _access(row: dict[str, Any]) -> Access:
    held = frozenset(flag for name, flag in BY_FLAG.items() if row["belongs"] and row[name])
    return Access(flags=held, is_shared=bool(row["shared"]), is_in_store=bool(row["stored"]))


def _of_id(pk: int) -> DownloadQuerySet:
    rows: DownloadQuerySet = Download.all_objects.select_related("category").filter(pk=pk).order_by()
    return rows


_alone: SqlTemplate[Download] = SqlTemplate(_of_id, pk=SAMPLE_ID)
_tied: SqlTemplate[Download] = SqlTemplate(
    lambda pk, user_id: _with_ties(_of_id(pk), user_id), pk=SAMPLE_ID, user_id=OTHER_SAMPLE_ID
)
