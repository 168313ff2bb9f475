"""Facts about a version that follow from its columns, for the model and for rows that are read without it."""

from collections.abc import Mapping
from typing import Any

RELEASED = ("published", "archived")
PRIVATE = "private"


class VersionFacts:
    """A version with at least these columns, and with its download."""

    number: Any
    title: Any
    release_notes: Any
    changelog: Any
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

    @property
    def notes(self) -> str:
        """The text about the changes, for interfaces that have a single one."""
        return str(getattr(self, self.notes_field()))

    def notes_field(self, named: str = "release_notes") -> str:
        """Return the field with the text that an interface with a single text about the changes shows and writes.

        It is the field that the interface names, unless only the other one of the two has a text.
        """
        other = "changelog" if named == "release_notes" else "release_notes"
        return other if getattr(self, other) and not getattr(self, named) else named

    def with_notes_field(self, fields: Mapping[str, Any], named: str = "release_notes") -> dict[str, Any]:
        """Return the fields of a change that such an interface makes, with its text under the name of that field."""
        return {self.notes_field(named) if name == named else name: value for name, value in fields.items()}
