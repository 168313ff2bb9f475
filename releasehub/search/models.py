"""The models of the search. The index is not a model, but a full-text table: see `index.py`."""

from django.db import models


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
