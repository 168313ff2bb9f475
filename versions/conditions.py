"""Conditions of queries that match the versions a caller may see, also from related models such as files."""

from typing import Any

from django.db.models import Q

from downloads.models import Download
from downloads.querysets import MANAGE_VERSIONS, sees_everything
from releasehub.core.actor import Actor
from versions.facts import RELEASED


def is_released(prefix: str = "") -> Q:
    """Match released versions. `prefix` leads to the version from a related model, such as `version__`."""
    return _matching(prefix, deleted_at__isnull=True, state__in=RELEASED) & ~_matching(prefix, visibility="private")


def is_listed(prefix: str = "") -> Q:
    """Match the versions that lists show to everybody who sees the download."""
    return _matching(prefix, deleted_at__isnull=True, state__in=RELEASED, visibility="listed")


def is_shown(actor: Actor, to_outsiders: Q, prefix: str = "") -> Q:
    """Match the versions that the actor sees, if an actor without a role sees those that meet `to_outsiders`.

    These are conditions and not a subquery, because PostgreSQL would first collect the ids of all versions in it.
    """
    if sees_everything(actor):
        return Q()
    open_downloads = Download.all_objects.visible_to(actor)
    inside = Download.all_objects.read_inside_by(actor)
    managed = Download.all_objects.read_inside_by(actor, MANAGE_VERSIONS)
    return (
        to_outsiders & _matching(prefix, download__in=open_downloads)
        | _matching(prefix, deleted_at__isnull=True, download__in=inside)
        | _matching(prefix, deleted_at__isnull=False, download__in=managed)
    )


def _matching(prefix: str, **conditions: Any) -> Q:
    return Q(**{f"{prefix}{name}": value for name, value in conditions.items()})
