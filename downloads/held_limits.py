"""Limits on what a download holds, for changes that give its files another owner or category, or bring them back.

The layer of files knows what a download holds and registers its checks here, because this layer may not import it.
"""

from typing import Protocol

from downloads.models import Category, Download
from releasehub.accounts.models import User


class HeldLimits(Protocol):
    """Checks that raise `DomainError` if a change exceeds a limit. They run in the transaction of the change."""

    def check_new_owner(self, download: Download, owner: User) -> None: ...

    def check_new_category(self, download: Download, category: Category) -> None: ...

    def check_restore(self, download: Download) -> None: ...


_registered: list[HeldLimits] = []


def register_held_limits(limits: HeldLimits) -> None:
    _registered.append(limits)


def held_limits() -> HeldLimits:
    """Return the checks, which are the functions of `files/held_limits.py`."""
    return _registered[-1]
