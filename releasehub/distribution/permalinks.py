"""Resolve permanent links: find the download, version and file, or explain why they are gone."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from django.db.models import Exists, F, OuterRef

from downloads.models import Download, PublicSlug
from downloads.policies import download_policy
from files.models import File, PublicFileName
from files.names import fold_name
from files.policies import file_policy
from files.primary import fitness
from files.querysets import FileQuerySet
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cached_row
from releasehub.core.errors import Gone, Moved, NotFound
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from releasehub.distribution.access_keys import not_found_for
from releasehub.distribution.latest import TooNew, latest_version, newest_version
from releasehub.distribution.number_holders import holders_of
from versions.cooldown import Cooldown
from versions.models import PublicTag, Version
from versions.platforms import (
    ARCHITECTURE_SPELLINGS,
    PLATFORM_NAMES,
    fold_architecture,
    fold_platform,
    platform_spellings,
)
from versions.policies import version_policy


def find_download(actor: Actor, slug: str, *, is_cacheable: bool = False) -> Download:
    """Return the download with this slug.

    With `is_cacheable`, an anonymous actor may get the row from the cache for anonymous visitors.

    Raises:
        Moved: It was renamed, and the actor may see it under its new slug.
        Gone: The download is deleted and was open to the actor, or it was erased and was open to everyone.
        NotFound: The download does not exist, or the actor may not see it.
        KeyRefused: The same, and the actor presented a key that is not valid.
    """
    row = cached_row(actor if is_cacheable else None, ("slug", slug), lambda: _by_slug.first(slug=slug))
    download = row or _find_renamed(actor, slug)
    if download.is_deleted:
        raise Gone(download.delete_reason) if download_policy.is_open_to(actor, download) else not_found_for(actor)
    if not download_policy.can_view(actor, download):
        raise not_found_for(actor)
    if download.slug != slug:
        raise Moved(download.slug)
    return download


def find_version(actor: Actor, download: Download, number: str, channel: str = "", platform: str = "") -> Version:
    """Return the version with this number, in any spelling, or else with this tag: v1.2.0 and 1.2.0 are one.

    If several channels have the number, the version in `channel` is returned, else the one in the default channel, else
    the one that was public first. A version that was renumbered or moved is also found by its earlier number and
    channel. Another channel never takes over the link of a version that was public and is gone.

    A number may exist once for each platform. With `platform`, the versions for other platforms do not exist; without
    it, the first version with the number is meant.

    Raises:
        Gone: The version was public, and is deleted or erased.
        NotFound: The version does not exist, or the actor may not see it.
    """
    _refuse_nul(number + channel + platform)
    channel = channel.lower()
    place = {"number": number, "channel": channel or download.default_channel}
    rows = Version.objects.filter(download=download, **place)
    rows = rows.suiting(platform) if platform else rows.filter(is_twin=False)
    version: Version | None = rows.first()
    if version is not None:
        version.download = download
        if version_policy.can_view(actor, version):
            return version
    for holder in holders_of(download, number, channel, platform):
        version = holder.version
        if version is not None and not version.is_deleted and version_policy.can_view(actor, version):
            return version
        if version is None and holder.was_open:
            raise Gone(holder.reason)
        if version is not None and version.is_deleted and version.is_open:
            raise Gone(version.delete_reason)
        # The link belonged to this version in public. Falling through to another channel would serve other content
        # under the same URL, so the search ends here even if the actor may not be told why.
        if holder.was_public:
            raise NotFound
    if (version := _find_by_tag(actor, download, number)) is None:
        raise NotFound
    return version


def find_tagged_version(actor: Actor, download: Download, tag: str) -> Version:
    """Return the version with this tag, or else the version without a tag that has this number, with or without a v.

    A version whose tag was changed is also found by the tag that it had in public.

    Raises:
        Gone: The version was public and is deleted.
        NotFound: The version does not exist, or the actor may not see it.
    """
    _refuse_nul(tag)
    return _find_by_tag(actor, download, tag) or find_version(actor, download, tag)


def _find_by_tag(actor: Actor, download: Download, tag: str) -> Version | None:
    """Return the version with this tag, or None if the actor may not see such a version.

    Raises:
        Gone: The version was public and is deleted.
    """
    version = Version.all_objects.filter(download=download, tag=tag).order_by().first()
    if version is None:
        past = PublicTag.objects.select_related("version").filter(download=download, tag=tag).first()
        version = past.version if past else None
    if version is None:
        return None
    version.download = download
    if version.is_deleted and version.is_open:
        raise Gone(version.delete_reason)
    return version if not version.is_deleted and version_policy.can_view(actor, version) else None


def find_exact(actor: Actor, slug: str, number: str, filename: str, channel: str = "", platform: str = "") -> File:
    """Resolve download, version and file of a link. A live file takes one query; errors take more.

    Raises:
        NotFound: No such file is visible to the actor.
        Gone: The file was public and was deleted.
    """
    _refuse_nul(slug + number + filename + channel + platform)
    parts = {"slug": slug, "number": number, "folded_name": fold_name(filename)}
    file = None if channel or platform else cached_row(actor, ("file", *parts.values()), partial(_unique_file, **parts))
    if file is not None and file_policy.can_view(actor, file):
        return file
    return find_file(actor, find_version(actor, find_download(actor, slug), number, channel, platform), filename)


def find_newest(
    actor: Actor, slug: str, target: str, *, channel: str = "", line: str = "", cooldown: Cooldown | None = None
) -> File:
    """Resolve the download and its latest file.

    Raises:
        NotFound: The download or a suitable file is not visible to the actor.
        Gone: The download was public and was deleted.
    """
    _refuse_nul(slug + target + channel + line)

    def find() -> File:
        download = find_download(actor, slug)
        return find_latest(actor, download, target, channel=channel, line=line, cooldown=cooldown)

    key_parts = ("latest", slug, target, channel, line, cooldown.cache_key if cooldown else "")
    return cached_row(actor, key_parts, find)


def find_file(actor: Actor, version: Version, filename: str) -> File:
    """Return the file with this name, in any case and Unicode form.

    Raises:
        Gone: The file was public, and is deleted or erased.
        NotFound: The file does not exist, or the actor may not see it.
    """
    _refuse_nul(filename)
    folded_name = fold_name(filename)
    rows = File.all_objects.select_related("blob").filter(version=version, folded_name=folded_name)
    file: File
    for file in rows.order_by(F("deleted_at").asc(nulls_first=True), "-id"):
        file.version = version
        if not file.is_deleted and file_policy.can_view(actor, file):
            return file
    past = PublicFileName.objects.filter(version=version, folded_name=folded_name).first()
    raise Gone(past.reason) if past else NotFound


def find_latest(
    actor: Actor,
    download: Download,
    target: str,
    *,
    channel: str = "",
    line: str = "",
    cooldown: Cooldown | None = None,
) -> File:
    """Return the newest file with exactly that name, else the latest version's file for that platform.

    `target`: a file name, a platform such as `windows` or `linux-x64`, or empty for the primary file. A word that is
    neither finds nothing, because a mistyped file name must not lead to the bytes of another file.

    Raises:
        NotFound: No visible file matches.
        TooNew: None is old enough for the cooldown.
    """
    _refuse_nul(target + channel + line)
    try:
        return _find_latest(actor, download, target, channel=channel, line=line, cooldown=cooldown)
    except NotFound:
        if cooldown is None:
            raise
        newest = _find_latest(actor, download, target, channel=channel, line=line)
        raise TooNew(newest.version, cooldown) from None


def _find_latest(actor: Actor, download: Download, target: str, **options: Any) -> File:
    search = partial(latest_version, download, **options)
    if target and (version := search(filename=target)):
        return find_file(actor, version, target)
    platform, _, architecture = target.lower().partition("-")
    if target and not is_known_target(download, platform, architecture):
        raise NotFound
    version = search(platform=platform, architecture=architecture)
    file = best_file(version, platform, architecture) if version else None
    if file is None:
        raise NotFound
    return file


def is_known_target(download: Download, platform: str, architecture: str) -> bool:
    """Return whether the words are known platform names, or platforms of files in the download."""
    files = File.objects.passed().filter(version__download=download)
    knows_platform = fold_platform(platform) in PLATFORM_NAMES or (
        bool(platform) and files.filter(platform__lower__in=platform_spellings(platform)).exists()
    )
    if not knows_platform or not architecture or fold_architecture(architecture) in ARCHITECTURE_SPELLINGS:
        return knows_platform
    return bool(files.filter(architecture__lower=architecture).exists())


def best_file(
    version: Version, platform: str = "", architecture: str = "", *, actor: Actor | None = None
) -> File | None:
    """Return the file that suits the given system best, or the primary file if no system is given.

    With an anonymous `actor`, the file may come from the cache for anonymous visitors.
    """
    filters = {"platform": platform, "architecture": architecture}

    def find() -> File | None:
        rows = _passed_files(**{name: value for name, value in filters.items() if value}).rows(version=version.pk)
        return min(rows, key=lambda file: fitness(file, platform, architecture), default=None)

    file = cached_row(actor, ("best file", str(version.pk), *filters.values()), find)
    if file is not None:
        file.version = version
    return file


def find_by_id(actor: Actor, pk: int) -> File | None:
    """Return the file with this id in any state, or None. The caller checks whether the actor may see it."""
    return cached_row(actor, ("file id", str(pk)), lambda: _of_id.first(pk=pk))


def _find_renamed(actor: Actor, slug: str) -> Download:
    """Return the download that was public under this slug before.

    Raises:
        Gone: The download was erased, and it had been open to everyone.
        NotFound: No download had this slug, or the download was erased without having been open to everyone.
    """
    past = PublicSlug.objects.select_related("download__category", "download__owner").filter(slug=slug).first()
    if past is None or (past.download is None and not past.was_open_to_all):
        raise not_found_for(actor)
    if past.download is None:
        raise Gone(past.reason)
    return past.download


def _unique_file(slug: str, number: str, folded_name: str) -> File | None:
    """Return the only live file that matches, or None if several versions have the number."""
    return _of_link.first(slug=slug, number=number, folded_name=folded_name)


def _files_of_link(slug: str, number: str, folded_name: str) -> FileQuerySet:
    twins = Version.all_objects.filter(download=OuterRef("version__download"), number=number)
    rows: FileQuerySet = File.objects.alive().filter(
        ~Exists(twins.exclude(pk=OuterRef("version"))),
        version__download__slug=slug,
        version__download__deleted_at=None,
        version__number=number,
        version__is_twin=False,
        version__deleted_at=None,
        folded_name=folded_name,
    )
    return _with_version(rows)


def _with_version(rows: FileQuerySet) -> FileQuerySet:
    """Load what decides about a download: the bytes, the version, its download and its category, without long texts."""
    notes = ("version__release_notes", "version__changelog", "version__download__description")
    return rows.select_related("blob", "version__download__category").defer(*notes).order_by()


@lru_cache(maxsize=100)
def _passed_files(**system: str) -> SqlTemplate[File]:
    """Return the SQL template of the files for one system, whose names are part of the query."""
    return SqlTemplate(
        lambda version: (
            File.objects.passed().filter(version=version).suiting(**system).select_related("blob").order_by()
        ),
        version=SAMPLE_ID,
    )


_by_slug: SqlTemplate[Download] = SqlTemplate(
    lambda slug: Download.all_objects.select_related("category", "owner").filter(slug=slug).order_by(), slug="a slug"
)
_of_id: SqlTemplate[File] = SqlTemplate(lambda pk: _with_version(File.all_objects.filter(pk=pk)), pk=SAMPLE_ID)
_of_link: SqlTemplate[File] = SqlTemplate(_files_of_link, slug="a slug", number="a number", folded_name="a name")


def find_newest_version(
    actor: Actor, slug: str, *, channel: str = "", line: str = "", cooldown: Cooldown | None = None
) -> Version:
    """Return the newest version that offers any file.

    Raises:
        Moved, Gone, NotFound: As `find_download`; NotFound also where nothing is offered.
    """
    _refuse_nul(slug + channel + line)
    return newest_version(find_download(actor, slug), channel=channel, line=line, cooldown=cooldown)


def _refuse_nul(text: str) -> None:
    """Raise NotFound for text with a NUL character, which PostgreSQL rejects in queries."""
    if "\0" in text:
        raise NotFound
