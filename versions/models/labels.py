"""Display names and descriptions of channels and platforms."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from downloads.models import Download
from releasehub.core.models import PublicIdModel, TimeStampedModel
from versions.querysets import LabelQuerySet


class Label(PublicIdModel, TimeStampedModel):
    """The display name and the description of a channel or platform.

    Versions refer to a channel or platform by its name; a label for that name is optional. `is_general` marks a label
    that applies to all downloads. A label that is not general and whose downloads are gone applies to no download.
    """

    name = models.CharField(max_length=256)
    display_name = models.CharField(max_length=256)
    description = models.CharField(max_length=1000, blank=True)
    is_general = models.BooleanField("applies to all downloads", default=False, editable=False)
    downloads = models.ManyToManyField(Download, blank=True, related_name="+")

    objects = LabelQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), condition=Q(is_general=True), name="%(class)s_general_once"),
        ]
        indexes = [models.Index(fields=["name", "id"], name="%(class)s_by_name")]

    def __str__(self) -> str:
        return self.name


class NamedChannel(Label):
    class Meta(Label.Meta):
        pass


class NamedPlatform(Label):
    class Meta(Label.Meta):
        pass
