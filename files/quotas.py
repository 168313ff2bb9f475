"""How many bytes a version, a download and its owner hold: files that are stored, and uploads that are reserved.

Soft-deleted files count for their owner, because their bytes are there until they are purged. Whoever adds bytes locks
the owner first (`lock_quota`), so that parallel uploads cannot pass the limit together.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum

from files.models import File, UploadSession
from releasehub.accounts.models import User
from releasehub.core.errors import ErrorCode, Rejected

OPEN_STATES = (UploadSession.State.CREATED, UploadSession.State.UPLOADED)


def quota_of(user_id: int) -> int:
    """Return the bytes that the user may store; 0 is no limit."""
    own = User.objects.filter(pk=user_id).values_list("quota_bytes", flat=True).first()
    return int(settings.USER_QUOTA_BYTES if own is None else own)


def used_bytes(user_id: int, *, besides: UploadSession | None = None) -> int:
    """Return what the user's downloads and loose uploads hold, without the upload `besides`."""
    stored = File.all_objects.filter(version__download__owner=user_id, blob__isnull=False)
    of_owner = Q(version__download__owner=user_id) | Q(version=None, user=user_id)
    return _sum(stored) + _sum(_reserved(besides).filter(of_owner))


def reserved_bytes(*, besides: UploadSession | None = None, **scope: Any) -> int:
    """Return what open uploads of a version or download are going to hold."""
    return _sum(_reserved(besides).filter(**scope))


def lock_quota(user_id: int) -> None:
    """Let nobody else add bytes for the user until the transaction ends; nothing where there is no limit."""
    if quota_of(user_id):
        list(User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk"))


def check_quota(user_id: int, size_bytes: int, *, besides: UploadSession | None = None) -> None:
    """Refuse bytes that do not fit into the user's quota any more.

    Raises:
        Rejected: With the limit and what is used of it.
    """
    quota = quota_of(user_id)
    if quota and (used := used_bytes(user_id, besides=besides)) + size_bytes > quota:
        message = (
            f"The owner's storage quota is {quota} bytes and {used} are used, so {size_bytes} more do not fit. "
            "Delete files for good, wait until deleted ones are purged, or ask an administrator for a larger quota."
        )
        raise Rejected(ErrorCode.QUOTA_EXCEEDED, message, field="file", limit=quota, used=used)


def quota_left(user_id: int) -> int | None:
    """Return how many bytes still fit; None is no limit.

    Raises:
        Rejected: Nothing fits any more.
    """
    quota = quota_of(user_id)
    if not quota:
        return None
    check_quota(user_id, 1)
    return quota - used_bytes(user_id)


def _reserved(besides: UploadSession | None) -> models.QuerySet[UploadSession]:
    """Open uploads, and finished ones that no file has taken over. An open-ended one counts once its size is known."""
    waits = Q(state__in=OPEN_STATES, is_open_ended=False)
    loose = Q(state=UploadSession.State.CONFIRMED, file=None, blob__isnull=False)
    rows = UploadSession.objects.filter(waits | loose)
    return rows if besides is None else rows.exclude(pk=besides.pk)


def _sum(rows: models.QuerySet[Any]) -> int:
    return rows.aggregate(total=Sum("size_bytes"))["total"] or 0
