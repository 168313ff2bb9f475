"""File names that outsiders could see."""

from django.db import models

from versions.models import Version


class PublicFileName(models.Model):
    """A file name that outsiders could see in a version. In that version, it is reserved for these bytes forever.

    `sha256` is the digest of the bytes. A link whose bytes the hub never read has none, and is
    identified by `external_url`. `reason` is the reason of the deletion, if the file was deleted.
    """

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="public_names")
    folded_name = models.CharField(max_length=1024)
    filename = models.CharField(max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    external_url = models.CharField("external URL", max_length=2048, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    first_public_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "folded_name"], name="public_file_name_once"),
        ]

    def __str__(self) -> str:
        return self.filename
