"""The model of categories, which form a tree and pass their settings on to the categories below them."""

from __future__ import annotations

from django.db import models
from tree_queries.fields import TreeNodeForeignKey
from tree_queries.models import TreeNode

from downloads.querysets import CategoryQuerySet
from releasehub.core.models import PublicIdModel, TimeStampedModel


class Category(PublicIdModel, TimeStampedModel, TreeNode):  # type: ignore[django-manager-missing]
    """A category of downloads.

    The settings from `accepts_downloads` on are null where the category does not decide; then its nearest ancestor with
    a value decides, or else the site. `inherited` caches the settings that this category or an ancestor sets. The
    services keep it current, so that reading the rules costs no query. `is_members_only` repeats one of them as a
    column, so that lists can filter by it.
    """

    parent = TreeNodeForeignKey(
        "self", blank=True, null=True, on_delete=models.PROTECT, related_name="children", verbose_name="parent"
    )
    title = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    display_order = models.PositiveIntegerField(default=0)
    icon = models.CharField(max_length=50, blank=True)
    color = models.CharField(max_length=7, blank=True)

    accepts_downloads = models.BooleanField(null=True, blank=True)
    requires_approval = models.BooleanField(null=True, blank=True)
    has_versioning = models.BooleanField("allows several versions", null=True, blank=True)
    allows_external_links = models.BooleanField(null=True, blank=True)
    members_only = models.BooleanField(null=True, blank=True)
    allows_comments = models.BooleanField(null=True, blank=True)
    allows_reviews = models.BooleanField(null=True, blank=True)
    comments_need_approval = models.BooleanField("comments and reviews need approval", null=True, blank=True)
    holds_first_posts = models.BooleanField(
        "first comment or review of a user needs approval",
        null=True,
        blank=True,
        help_text="It waits until a moderator approved one text of the user anywhere on this hub.",
    )
    allowed_extensions = models.JSONField(null=True, blank=True)
    rejected_warnings = models.JSONField(null=True, blank=True)
    max_file_bytes = models.PositiveBigIntegerField("maximum file size (bytes)", null=True, blank=True)
    max_version_bytes = models.PositiveBigIntegerField("maximum version size (bytes)", null=True, blank=True)
    max_download_bytes = models.PositiveBigIntegerField("maximum download size (bytes)", null=True, blank=True)
    max_files_per_version = models.PositiveIntegerField("maximum number of files per version", null=True, blank=True)

    inherited = models.JSONField(default=dict, editable=False)
    is_members_only = models.BooleanField(default=False, editable=False)

    objects = CategoryQuerySet.as_manager()  # type: ignore[django-manager-missing,misc]

    class Meta:
        base_manager_name = "objects"
        verbose_name_plural = "categories"
        ordering = ["display_order", "title"]
        indexes = [models.Index(fields=["parent", "display_order"], name="category_tree")]

    def __str__(self) -> str:
        return self.title

    @property
    def path(self) -> str:
        return f"/categories/{self.slug}/"

    def trail(self) -> list[Category]:
        """Return the path from the root of the tree to this category, with one query."""
        return list(self.ancestors(include_self=True))

    def subtree(self) -> list[Category]:
        """Return this category and all categories below it, with one query."""
        return list(self.descendants(include_self=True))
