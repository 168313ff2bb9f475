"""The models of the search. The index is not a model, but a full-text table: see `index.py`."""

from django.db import models

MAX_VALUE_CHARACTERS = 256


class SearchCursor(models.Model):
    """The only row says how much of the hub is in the index.

    Attributes:
        position: The position in the event stream up to which changes were followed.
        built_id: All downloads up to this ID were indexed since the last rebuild; null after its end.
    """

    position = models.PositiveBigIntegerField()
    built_id = models.PositiveBigIntegerField(null=True, default=0)

    def __str__(self) -> str:
        return str(self.position)


class WordTrigram(models.Model):
    """Three characters of a word that occurs in a title or name. Words that share many of them are spelled alike."""

    trigram = models.CharField(max_length=3)
    word = models.CharField(max_length=40, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trigram", "word"], name="word_trigram_once")]

    def __str__(self) -> str:
        return f"{self.trigram} in {self.word}"


class Facet(models.Model):
    """A value by which lists of downloads are filtered: everyone who sees the download can see it.

    Attributes:
        value: The folded form, which is compared and stands in URLs.
        label: The spelling of this download, for people.
    """

    class Kind(models.TextChoices):
        PLATFORM = "platform"
        LICENSE = "license"
        CHANNEL = "channel"
        TAG = "tag"

    download_id = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.CharField(max_length=MAX_VALUE_CHARACTERS)
    label = models.CharField(max_length=MAX_VALUE_CHARACTERS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["download_id", "kind", "value"], name="facet_once")]
        indexes = [
            models.Index(fields=["kind", "value", "download_id"], name="facet_value"),
            # Has all that is counted for the menus of a search, so that PostgreSQL does not read the rows.
            models.Index(fields=["download_id", "kind", "value", "label"], name="facet_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"
