"""Limits on what a download holds, for changes that give its files another owner or category, or bring them back.

The layer of files knows what a download holds and registers its checks here, because this layer may not import it.
"""

from typing import Protocol

from downloads.models import Category, Download
from releasehub.accounts.models import User


class HeldLimits(Protocol):
    """Checks that raise `DomainError` if the files of a download exceed a limit after the change."""

    def check_new_owner(self, download: Download, owner: User) -> None: ...

    def check_new_category(self, download: Download, category: Category) -> None: ...

    def check_restore(self, download: Download) -> None: ...


_limits: list[HeldLimits] = []


def register_held_limits(limits: HeldLimits) -> None:
    """Let `limits` refuse changes of downloads. The checks run in the transaction of the change."""
    _limits.append(limits)


def check_new_owner(download: Download, owner: User) -> None:
    """Check that the stored files of the download fit into the storage quota of its next owner.

    Raises:
        Rejected: They do not fit.
    """
    for limits in _limits:
        limits.check_new_owner(download, owner)


def check_new_category(download: Download, category: Category) -> None:
    """Check the files of the download against the rules of the category that it moves to.

    Raises:
        Rejected: A file, a version or the download breaks a rule of the category.
        Conflict: A version has more files than the category allows.
    """
    for limits in _limits:
        limits.check_new_category(download, category)


def check_restore(download: Download) -> None:
    """Check that the download and its owner hold no more than their quotas, so that something may come back.

    Raises:
        Rejected: A quota is exceeded.
    """
    for limits in _limits:
        limits.check_restore(download)
