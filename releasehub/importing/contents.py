"""The contents of a download: the versions and files that releases of a source are compared with."""

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Q

from downloads.models import Download
from files.models import File
from files.names import fold_name
from releasehub.importing.sources.base import SourceAsset, SourceRelease
from versions.models import Version
from versions.numbering import sort_key_of
from versions.platforms import platform_key
from versions.querysets import VersionQuerySet
from versions.tags import number_of_tag


def number_of(release: SourceRelease) -> str:
    """Return the version number of a release, which follows from its tag unless the source states it."""
    return release.number or number_of_tag(release.tag)


def platforms_of(release: SourceRelease) -> frozenset[str]:
    """Return the keys of the platforms that a release declares. It is for all platforms if there are none."""
    return frozenset(map(platform_key, release.fields.get("platforms") or ()))


def has_prefix(tag: str) -> bool:
    """Return whether the tag names a part of its repository before the number, as in cli/v1.2 and tool@1.2."""
    return "/" in tag or "@" in tag


class DownloadContents:
    """The versions of a download that may be those of some releases, with their files. It takes two queries."""

    def __init__(self, download: Download, releases: Sequence[SourceRelease], version_ids: Sequence[int]) -> None:
        self.download = download
        self._by_id: dict[int, Version] = {row.pk: row for row in self._versions(releases, version_ids)}
        self._by_tag: dict[str, Version] = {row.tag: row for row in self._by_id.values() if row.tag}
        self._by_key: defaultdict[bytes, list[Version]] = defaultdict(list)
        for row in self._by_id.values():
            self._by_key[bytes(row.sort_key)].append(row)
        self._files: defaultdict[int, dict[str, File]] = defaultdict(dict)
        for file in File.objects.filter(version__in=self._by_id).select_related("blob"):
            self._files[file.version_id][file.folded_name] = file

    def version(self, pk: int | None) -> Version | None:
        return self._by_id.get(pk) if pk else None

    def match(self, release: SourceRelease) -> Version | None:
        if release.tag in self._by_tag:
            return self._by_tag[release.tag]
        candidates = self._by_key.get(self._sort_key(number_of(release)) or b"", [])
        same = next((row for row in candidates if _has_same_target(release, row)), None)
        # The number of a second tag with a prefix, such as lib/v1.2 after cli/v1.2, is going to have the prefix, too.
        return None if same is not None and same.tag and has_prefix(release.tag) else same

    def file(self, version: Version, asset: SourceAsset) -> File | None:
        return self._files[version.pk].get(fold_name(asset.name))

    def _versions(self, releases: Sequence[SourceRelease], version_ids: Sequence[int]) -> VersionQuerySet:
        if self.download.pk is None:  # the download that an import would create
            return Version.all_objects.none()
        tags = [release.tag for release in releases if release.tag]
        keys = [key for release in releases if (key := self._sort_key(number_of(release)))]
        rows = Version.all_objects.filter(download=self.download)
        return rows.filter(Q(pk__in=version_ids) | Q(tag__in=tags) | Q(sort_key__in=keys))

    def _sort_key(self, number: str) -> bytes | None:
        return sort_key_of(number, self.download.version_scheme)


def _has_same_target(release: SourceRelease, version: Version) -> bool:
    """Return whether a version with the number of the release is in its channel and for its platforms.

    A number may exist in several channels, and in one channel for several systems. Most sources state neither.
    """
    if release.channel and release.channel.lower() != version.channel:
        return False
    platforms = platforms_of(release)
    return not platforms or not version.platform_keys or not platforms.isdisjoint(version.platform_keys)
