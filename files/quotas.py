"""Check the quotas of a download and its owner.

Code that adds bytes locks the version, which locks its download, and then the owner (`lock_quota`), so that parallel
uploads or copies cannot exceed a limit together. `files/usage.py` counts the bytes.
"""

from dataclasses import dataclass

from django.conf import settings

from downloads.models import Download
from downloads.rules import rules_of
from files.usage import Reservation, used_by_download, used_bytes
from releasehub.accounts.models import User
from releasehub.core.errors import ErrorCode, Rejected


@dataclass(frozen=True)
class Quota:
    """`limit` and `used` are bytes; a limit of 0 is no limit, and then nothing is counted."""

    whose: str
    limit: int
    used: int

    @property
    def remaining_bytes(self) -> int:
        return self.limit - self.used

    def check(self, size_bytes: int) -> None:
        """Refuse bytes that do not fit any more. The error has the limit and what is used of it."""
        if not self.limit or size_bytes <= self.remaining_bytes:
            return
        message = (
            f"The storage quota of the {self.whose} is {self.limit} bytes and {self.used} bytes are used, "
            f"so {size_bytes} more bytes do not fit. Delete files permanently, wait until deleted files "
            "are purged, or ask an administrator for a larger quota."
        )
        raise Rejected(ErrorCode.QUOTA_EXCEEDED, message, field="file", limit=self.limit, used=self.used)


def user_quota(user: User, *, besides: Reservation | None = None) -> Quota:
    """Return the user's own quota, else that of the site. Bytes that `besides` has reserved do not count."""
    limit = _user_limit(user)
    return Quota("owner", limit, used_bytes(user.pk, besides=besides) if limit else 0)


def download_quota(download: Download, *, besides: Reservation | None = None) -> Quota:
    """Return the download's own quota, else that of its category, else that of the site."""
    own = download.quota_bytes
    limit = rules_of(download.category).max_download_bytes if own is None else own
    return Quota("download", limit, used_by_download(download.pk, besides=besides) if limit else 0)


def lock_quota(user: User) -> None:
    """Lock the user's quota until the transaction ends. A user without a limit is not locked."""
    if _user_limit(user):
        # `no_key`: the lock excludes other uploads, but not inserts of rows that refer to the user.
        list(User.objects.select_for_update(no_key=True).filter(pk=user.pk).values_list("pk"))


def check_user_quota(user: User, size_bytes: int, *, besides: Reservation | None = None) -> None:
    """Check bytes that belong to no download yet."""
    user_quota(user, besides=besides).check(size_bytes)


def check_room(
    download: Download, size_bytes: int, *, besides: Reservation | None = None, is_link_only: bool = False
) -> None:
    """Refuse bytes that do not fit into the quota of the download or, unless they lie elsewhere, of its owner."""
    download_quota(download, besides=besides).check(size_bytes)
    if not is_link_only:
        user_quota(download.owner, besides=besides).check(size_bytes)


def room_left(download: Download, *, besides: Reservation | None = None) -> int | None:
    """Return how many bytes still fit; None is no limit.

    Raises:
        Rejected: Nothing fits any more.
    """
    both = download_quota(download, besides=besides), user_quota(download.owner, besides=besides)
    quotas = [quota for quota in both if quota.limit]
    for quota in quotas:
        quota.check(1)
    return min((quota.remaining_bytes for quota in quotas), default=None)


def _user_limit(user: User) -> int:
    return settings.USER_QUOTA_BYTES if user.quota_bytes is None else user.quota_bytes
