"""Rows that staff store for themselves in the admin."""

from django.conf import settings
from django.db import models


class SavedFilter(models.Model):
    """A search and filters of one list that a member of staff wants to use again.

    Attributes:
        model: The app and the model of the list, such as `downloads.download`.
        query: The query string of the list.
    """

    MAX_NAME_CHARACTERS = 60
    MAX_QUERY_CHARACTERS = 2000

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=100)
    name = models.CharField(max_length=MAX_NAME_CHARACTERS)
    query = models.CharField(max_length=MAX_QUERY_CHARACTERS, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "model", "name"], name="saved_filter_name_once")]

    def __str__(self) -> str:
        return self.name
