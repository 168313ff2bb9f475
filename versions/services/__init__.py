"""Use cases of versions alone. States and flags change in `releasehub.publishing.lifecycle`."""

from versions.services.labels import create_label, delete_label, update_label
from versions.services.locking import lock_version, tally_changes
from versions.services.writing import build_version, update_version

__all__ = [
    "build_version",
    "create_label",
    "delete_label",
    "lock_version",
    "tally_changes",
    "update_label",
    "update_version",
]
