"""Resolve permanent links to files: to a file of one version, and to the newest file for a system."""

from functools import partial
from typing import Any

from django.db.models import Exists, F, OuterRef

from downloads.models import Download
from files.models import File, PublicFileName
from files.names import fold_name
from files.policies import file_policy
from files.querysets import FileQuerySet
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cached_row
from releasehub.core.errors import Gone, NotFound
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from releasehub.distribution.latest import TooNew, latest_version, newest_version
from releasehub.distribution.permalinks import find_download, find_version, refuse_nul
from releasehub.distribution.suitable_files import best_file, is_known_target
from versions.cooldown import Cooldown
from versions.models import PublicNumber, PublicTag, Version


def find_exact(actor: Actor, slug: str, number: str, filename: str, channel: str = "", platform: str = "") -> File:
    """Resolve download, version and file of a link. A live file takes one query; errors take more.

    Raises:
        NotFound: No such file is visible to the actor.
        Gone: The file was public and was deleted.
    """
    refuse_nul(slug + number + filename + channel + platform)
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
    refuse_nul(slug + target + channel + line)

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
    refuse_nul(filename)
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
    refuse_nul(target + channel + line)
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


def find_by_id(actor: Actor, pk: int) -> File | None:
    """Return the file with this id in any state, or None. The caller checks whether the actor may see it."""
    return cached_row(actor, ("file id", str(pk)), lambda: _of_id.first(pk=pk))


def _unique_file(slug: str, number: str, folded_name: str) -> File | None:
    """Return the only live file that matches, or None if another version has or had the number or it as a tag."""
    return _of_link.first(slug=slug, number=number, folded_name=folded_name)


def _files_of_link(slug: str, number: str, folded_name: str) -> FileQuerySet:
    same = {"download": OuterRef("version__download"), "sort_key": OuterRef("version__sort_key")}
    tagged = {"download": OuterRef("version__download"), "tag": number}
    rows: FileQuerySet = File.objects.alive().filter(
        ~Exists(Version.all_objects.filter(**same).exclude(pk=OuterRef("version"))),
        ~Exists(PublicNumber.objects.filter(**same).exclude(version=OuterRef("version"))),
        ~Exists(PublicTag.objects.filter(**tagged).exclude(version=OuterRef("version"))),
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


_of_id: SqlTemplate[File] = SqlTemplate(lambda pk: _with_version(File.all_objects.filter(pk=pk)), pk=SAMPLE_ID)
_of_link: SqlTemplate[File] = SqlTemplate(_files_of_link, slug="a slug", number="a number", folded_name="a name")


def find_newest_version(
    actor: Actor, slug: str, *, channel: str = "", line: str = "", cooldown: Cooldown | None = None
) -> Version:
    """Return the newest version that offers any file.

    Raises:
        Moved, Gone, NotFound: As `find_download`; NotFound also where nothing is offered.
    """
    refuse_nul(slug + channel + line)
    return newest_version(find_download(actor, slug), channel=channel, line=line, cooldown=cooldown)
