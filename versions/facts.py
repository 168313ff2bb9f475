"""Facts about a version that follow from its columns, for the model and for rows that are read without it."""

from typing import Any

RELEASED = ("published", "archived")
PRIVATE = "private"


class VersionFacts:
    """A version with at least these columns, and with its download."""

    number: Any
    title: Any
    state: Any
    visibility: Any
    deleted_at: Any
    download_id: Any
    download: Any

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_released(self) -> bool:
        return self.state in RELEASED

    @property
    def is_open(self) -> bool:
        """True if every actor who sees the download can see the version, in lists or by its URL."""
        return self.is_released and self.visibility != PRIVATE

    @property
    def display_title(self) -> str:
        return self.title or f"{self.download.title} {self.number}"
