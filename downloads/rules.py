"""Resolve the rules of a category.

Each setting comes from the category itself, or from its nearest ancestor that sets it, or else from the site.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from downloads.models import Category


@dataclass(frozen=True, kw_only=True)
class CategoryRules:
    """The rules that apply to the downloads of a category.

    Limits are numbers of bytes or files; 0 means no limit. `allowed_extensions` holds extensions in lower case and
    without the dot; empty means that every extension is allowed. `rejected_warnings` holds keys of `WARNING_KINDS`.
    """

    accepts_downloads: bool = True
    requires_approval: bool = False
    has_versioning: bool = True
    allows_external_links: bool = True
    members_only: bool = False
    allows_comments: bool = True
    allows_reviews: bool = True
    comments_need_approval: bool = False
    holds_first_posts: bool = False
    allowed_extensions: tuple[str, ...] = ()
    rejected_warnings: tuple[str, ...] = ()
    max_file_bytes: int = 0
    max_version_bytes: int = 0
    max_download_bytes: int = 0
    max_files_per_version: int = 1000


SETTINGS = tuple(CategoryRules.__dataclass_fields__)


def site_rules() -> CategoryRules:
    """Return the rules that apply where no category sets its own."""
    return CategoryRules(
        allowed_extensions=tuple(settings.ALLOWED_EXTENSIONS),
        max_file_bytes=settings.MAX_FILE_BYTES,
        max_version_bytes=settings.MAX_VERSION_BYTES,
        max_download_bytes=settings.MAX_DOWNLOAD_BYTES,
        max_files_per_version=settings.MAX_FILES_PER_VERSION,
    )


def rules_of(category: Category) -> CategoryRules:
    """Return the rules of a category from its own row, without a query. The row holds the inherited settings."""
    values: dict[str, Any] = vars(site_rules()) | category.inherited
    values |= {name: tuple(values[name]) for name in ("allowed_extensions", "rejected_warnings")}
    return CategoryRules(**values)


def settings_along(path: Sequence[Category]) -> dict[str, Any]:
    """Return the settings along `path`, from the root of the tree to a category. The setting nearest to it wins."""
    values: dict[str, Any] = {}
    for category in path:
        values |= {name: getattr(category, name) for name in SETTINGS if getattr(category, name) is not None}
    return values
