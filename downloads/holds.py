"""The guard of legal holds: every deletion that erases something of a download asks it first.

Services call `ensure_not_held` with the lock on the download, which `place_hold` takes too. So a deletion either
finishes before the hold is placed, or sees it.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet

from downloads.models import Download, LegalHold
from releasehub.accounts.models import User
from releasehub.core.errors import Conflict, ErrorCode

Contributions = Callable[[User], QuerySet[Any]]

HELD_MESSAGE = (
    "This download is under a legal hold, so nothing in it can be deleted permanently. A deletion that can be undone "
    "is still possible. Ask the operators of this hub when the hold will be lifted."
)
CONTRIBUTOR_MESSAGE = (
    "This account owns a download under a legal hold, or wrote something in one, so it cannot be closed, merged or "
    "anonymized. Ask the operators of this hub when the hold will be lifted."
)

_contributions: list[Contributions] = []


class Held(Conflict):
    """A legal hold forbids the permanent deletion of the target."""

    def __init__(self, message: str) -> None:
        super().__init__(ErrorCode.LEGAL_HOLD, message)


def is_held(download_id: int) -> bool:
    return LegalHold.objects.filter(download=download_id).exists()


def ensure_not_held(download_id: int) -> None:
    """Check that something of the download may be erased. The caller holds the lock on the download.

    Raises:
        Held: The download is under a legal hold.
    """
    if is_held(download_id):
        raise Held(HELD_MESSAGE)


def held_downloads() -> list[int]:
    return list(LegalHold.objects.values_list("download_id", flat=True))


def not_held(path: str) -> Q:
    """Match the rows whose download is not under a legal hold.

    Args:
        path: The lookup that leads from a row to its download, such as `version__download`; empty for a download.
    """
    return Q(**{f"{path}__legal_hold" if path else "legal_hold": None})


def register_contributions(contributions: Contributions) -> None:
    """Let `contributions` return the primary keys of the downloads to which a user contributed."""
    _contributions.append(contributions)


def ensure_may_leave(user: User) -> None:
    """Check that the user contributed to no download under a legal hold: the name of the author is evidence, too.

    Raises:
        Held: The user contributed to a download under a legal hold.
    """
    owned = Download.all_objects.filter(owner=user).values("pk")
    for downloads in (owned, *(contributions(user) for contributions in _contributions)):
        if LegalHold.objects.filter(download__in=downloads).exists():
            raise Held(CONTRIBUTOR_MESSAGE)
