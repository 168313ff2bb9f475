"""Watch downloads and categories.

These changes are not in the audit log: they change nothing for others, and what a user reads concerns only that user.
"""

from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.models import Q

from downloads.models import Category, Download
from downloads.policies import category_policy, download_policy
from releasehub.accounts.mail_frequency import MailFrequency
from releasehub.accounts.models import User
from releasehub.community.models import Watch
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, NotFound
from releasehub.core.policy import Policy

MAX_WATCHES = 500  # of one user


def watch(*, actor: Actor, target: Download | Category) -> Watch:
    """Watch a download or a category. Watching it again changes nothing.

    Raises:
        Denied: The actor is not a user.
        Conflict: The user watches too many things already.
    """
    policy: Policy[Any] = download_policy if isinstance(target, Download) else category_policy
    policy.ensure("view", actor, target)
    user = _user_of(actor)
    found = watch_of(actor, target)
    if found is None and Watch.objects.filter(user=user).count() >= MAX_WATCHES:
        message = f"You watch {MAX_WATCHES} downloads and categories already. Stop watching others first."
        raise Conflict(ErrorCode.CONFLICT, message)
    names: dict[str, Any] = {"user": user, _field(target): target}
    return found or Watch.objects.get_or_create(**names)[0]


def change_frequency(*, actor: Actor, target: Download | Category, frequency: MailFrequency | None) -> Watch:
    """Choose how often the actor gets e-mails about a target. None is as often as about everything else."""
    found = watch_of(actor, target)
    if found is None:
        raise NotFound("You do not watch this any more. Watch it again first.")
    found.frequency = frequency or ""
    found.save(update_fields=["frequency"])
    return found


def unwatch(*, actor: Actor, target: Download | Category) -> None:
    """Stop watching a download or a category, which the actor need not see any more."""
    Watch.objects.filter(user=_user_of(actor), **{_field(target): target}).delete()


def watch_of(actor: Actor, target: Download | Category) -> Watch | None:
    if actor.user_id is None:
        return None
    return Watch.objects.filter(user=actor.user_id, **{_field(target): target}).select_related("user").first()


def watched_downloads(actor: Actor, download_ids: Collection[int]) -> frozenset[int]:
    """Return which of the downloads the actor watches, with one query, or none for an anonymous visitor."""
    if actor.user_id is None:
        return frozenset()
    rows = Watch.objects.filter(user=actor.user_id, download__in=download_ids)
    return frozenset(pk for pk in rows.values_list("download", flat=True) if pk)


def watches_of(actor: Actor) -> models.QuerySet[Watch]:
    """Return the watches of the actor whose targets the actor still sees."""
    is_seen = Q(download__in=Download.objects.visible_to(actor)) | Q(category__in=Category.objects.visible_to(actor))
    return Watch.objects.filter(is_seen, user=actor.user_id).select_related("user", "download", "category")


def _user_of(actor: Actor) -> User:
    if actor.user is None:
        raise Denied("Sign in to watch a download or a category.")
    return actor.user


def _field(target: Download | Category) -> str:
    return "download" if isinstance(target, Download) else "category"
