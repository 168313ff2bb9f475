"""The model of prefixes, the labels that stand in front of the title of a download."""

from django.db import models

from downloads.models.category import Category
from releasehub.core.models import TimeStampedModel


class Prefix(TimeStampedModel):
    """A label such as *Beta* or *Addon*. A download has at most one.

    Attributes:
        categories: The categories in which downloads may have the prefix. Without any, it fits every category.
    """

    class Color(models.TextChoices):
        GRAY = "gray"
        GREEN = "green"
        YELLOW = "yellow"
        RED = "red"

    title = models.CharField(max_length=50, unique=True)
    color = models.CharField(max_length=10, choices=Color.choices, default=Color.GRAY)
    display_order = models.PositiveIntegerField(default=0)
    categories = models.ManyToManyField(
        Category, blank=True, related_name="prefixes", help_text="Leave empty for all categories."
    )

    class Meta:
        verbose_name_plural = "prefixes"
        ordering = ["display_order", "title"]

    def __str__(self) -> str:
        return self.title

    def fits(self, category: Category) -> bool:
        """Return whether downloads of the category may have the prefix. Without a query if `categories` is loaded."""
        allowed_ids = {row.pk for row in self.categories.all()}
        return not allowed_ids or category.pk in allowed_ids

    @property
    def css_class(self) -> str:
        """The class of the style sheet that gives a badge the color."""
        return {"green": "good", "yellow": "warn", "red": "danger"}.get(self.color, "")
