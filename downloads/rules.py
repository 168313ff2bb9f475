"""The rules in force in a category: its own, else those of the nearest ancestor that sets them, else the site's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from downloads.models import Category


@dataclass(frozen=True, kw_only=True)
class CategoryRules:
    """Limits in bytes and files; 0 = no limit. `allowed_extensions` empty = any, lower case without dot."""

    accepts_downloads: bool = True
    requires_approval: bool = False
    has_versioning: bool = True
    allows_external_links: bool = True
    members_only: bool = False
    allowed_extensions: tuple[str, ...] = ()
    max_file_bytes: int = 0
    max_version_bytes: int = 0
    max_download_bytes: int = 0
    max_files_per_version: int = 1000


SETTINGS = tuple(CategoryRules.__dataclass_fields__)


def site_rules() -> CategoryRules:
    return CategoryRules(
        allowed_extensions=tuple(settings.ALLOWED_EXTENSIONS),
        max_file_bytes=settings.MAX_FILE_BYTES,
        max_version_bytes=settings.MAX_VERSION_BYTES,
        max_download_bytes=settings.MAX_DOWNLOAD_BYTES,
        max_files_per_version=settings.MAX_FILES_PER_VERSION,
    )


def rules_of(category: Category) -> CategoryRules:
    """From the category's own row, without a query."""
    values: dict[str, Any] = {name: getattr(site_rules(), name) for name in SETTINGS} | category.inherited
    values["allowed_extensions"] = tuple(values["allowed_extensions"])
    return CategoryRules(**values)


def settings_along(path: Sequence[Category]) -> dict[str, Any]:
    """What is set along `path`, from the root of the tree to the category itself; the nearest one wins."""
    values: dict[str, Any] = {}
    for category in path:
        values |= {name: getattr(category, name) for name in SETTINGS if getattr(category, name) is not None}
    return values
