"""The rows and bytes that a permanent deletion of downloads, versions or files erases.

Deletions and their previews use the same queries."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import CASCADE, Exists, ManyToOneRel, OuterRef, Q, QuerySet, Sum

from downloads.models import Download
from files.models import Avatar, Blob, DownloadIcon, File, PictureSize, PublicFileName, SocialCard, UploadSession
from releasehub.webhooks.models import Endpoint
from versions.models import Version

Rows = QuerySet[Any]
# Tables that the preview does not mention, because people do not know their rows: counters, the search index.
UNNAMED_PARTS = {
    *("pageview", "packageupload", "publicnumber", "socialcard", "downloadicon"),
    *("namedchannel_downloads", "namedplatform_downloads"),
}


def no_downloads() -> Rows:
    return Download.all_objects.none()


def no_versions() -> Rows:
    return Version.all_objects.none()


def no_files() -> Rows:
    return File.all_objects.none()


@dataclass(frozen=True)
class Erasure:
    """Rows that are erased together. Everything that belongs to them goes with them.

    Attributes:
        downloads: The downloads to erase, with all their versions and files.
        versions: Further versions to erase, with all their files.
    """

    downloads: Rows = field(default_factory=no_downloads)
    versions: Rows = field(default_factory=no_versions)
    files: Rows = field(default_factory=no_files)

    @property
    def all_versions(self) -> Rows:
        return Version.all_objects.filter(Q(pk__in=_ids(self.versions)) | Q(download__in=_ids(self.downloads)))

    @property
    def all_files(self) -> Rows:
        return File.all_objects.filter(
            Q(pk__in=_ids(self.files))
            | Q(version__in=_ids(self.versions))
            | Q(version__download__in=_ids(self.downloads))
        )

    @property
    def endpoints(self) -> Rows:
        """The webhook endpoints of the downloads."""
        return Endpoint.objects.filter(download_id__in=_ids(self.downloads))

    @property
    def blob_ids(self) -> list[int]:
        """The blobs that the rows refer to, those of pictures included. Other rows may refer to them as well."""
        found = {pk for rows in self._references() for pk in rows.values_list("blob_id", flat=True)}
        return sorted(found - {None})

    def freed_bytes(self) -> int:
        """Return the number of bytes that leave the storage, because no other row refers to them."""
        going, files = Q(), self.all_files
        for rows in self._references():
            going |= Q(pk__in=rows.filter(blob__isnull=False).order_by().values("blob"))
        downloads = _ids(self.downloads)
        others = (
            File.all_objects.exclude(pk__in=_ids(files)),
            UploadSession.objects.exclude(version__in=_ids(self.all_versions)),
            PictureSize.objects.exclude(picture__download__in=downloads),
            SocialCard.objects.exclude(download__in=downloads),
            DownloadIcon.objects.exclude(download__in=downloads),
            Avatar.objects.all(),
        )
        blobs = Blob.objects.filter(going)
        for rows in others:
            blobs = blobs.exclude(Exists(rows.order_by().filter(blob=OuterRef("pk"))))
        return blobs.aggregate(total=Sum("size_bytes"))["total"] or 0

    def working_links(self) -> int:
        """Return how many permanent links to files answer with the file now, and with 410 afterwards."""
        return self._public_files().filter(_ALIVE).count()

    def dead_links(self) -> int:
        """Return how many permanent links to files answer 410 already, and go on doing so."""
        return self._public_files().exclude(_ALIVE).count()

    def parts(self) -> dict[str, int]:
        """Return how many rows of other kinds the deletion of the downloads takes along, by the name of the kind."""
        counts = {}
        for relation in Download._meta.get_fields(include_hidden=True):
            if not isinstance(relation, ManyToOneRel) or relation.on_delete is not CASCADE:
                continue
            model: Any = relation.related_model
            if model is not Version and model._meta.model_name not in UNNAMED_PARTS:
                rows = model._base_manager.filter(**{f"{relation.field.name}__in": _ids(self.downloads)})
                counts[str(model._meta.verbose_name_plural)] = rows.count()
        return {name: count for name, count in counts.items() if count}

    def _public_files(self) -> Rows:
        names = PublicFileName.objects.filter(version=OuterRef("version"), folded_name=OuterRef("folded_name"))
        return self.all_files.filter(Exists(names))

    def _references(self) -> tuple[Rows, ...]:
        """Return the rows that go and refer to a blob."""
        downloads = _ids(self.downloads)
        return (
            self.all_files,
            PictureSize.objects.filter(picture__download__in=downloads),
            SocialCard.objects.filter(download__in=downloads),
            DownloadIcon.objects.filter(download__in=downloads),
        )


_ALIVE = Q(deleted_at=None, version__deleted_at=None, version__download__deleted_at=None)


def erasure_of(rows: Rows) -> Erasure:
    """Return the erasure of downloads, versions or files, whichever the rows are."""
    return Erasure(**{{Download: "downloads", Version: "versions", File: "files"}[rows.model]: rows})


def one(row: Any) -> Erasure:
    return erasure_of(type(row).all_objects.filter(pk=row.pk))


def _ids(rows: Rows) -> Rows:
    return rows.order_by().values("pk")
