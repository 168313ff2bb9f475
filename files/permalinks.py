"""From the parts of a permanent link to a file, or to the reason why it is gone."""

from __future__ import annotations

from functools import lru_cache, partial

from django.db.models import Exists, OuterRef

from downloads.models import Download, RetiredSlug
from downloads.policies import download_policy
from files.latest import latest_version
from files.models import File, RetiredFileName
from files.policies import file_policy
from files.querysets import FileQuerySet
from releasehub.core.actor import Actor
from releasehub.core.errors import Gone, NotFound
from releasehub.core.guests import kept_row
from releasehub.core.prepared import STAND_IN, Prepared
from versions.models import RetiredNumber, Version
from versions.policies import version_policy

PLATFORMS = frozenset({"windows", "linux", "macos", "android", "ios", "freebsd", "web"})
ARCHITECTURES = frozenset({"x64", "x86", "arm64", "armv7", "riscv64", "universal"})


def find_download(actor: Actor, slug: str) -> Download:
    """Errors: NotFound; Gone when it is deleted and was open to the actor, or erased and was open to everybody."""
    download = _by_slug.first(slug=slug)
    if download is None:
        retired = RetiredSlug.objects.filter(slug=slug, was_public=True).first()
        raise Gone(retired.reason) if retired else NotFound
    if download.is_deleted:
        raise Gone(download.delete_reason) if download_policy.is_open_to(actor, download) else NotFound
    if not download_policy.can_view(actor, download):
        raise NotFound
    return download


def find_version(actor: Actor, download: Download, number: str, channel: str = "") -> Version:
    """The version of that number; where several channels have it, that of `channel`, else of the default channel.

    One that was moved is found under the channel it came from as well.
    Errors: NotFound; Gone when it was open to all who see the download and is deleted or erased.
    """
    _refuse_nul(number + channel)
    rows = Version.all_objects.filter(download=download, number=number)
    found: list[Version] = sorted(
        (rows.filter(channel=channel) if channel else rows),
        key=lambda version: (version.is_deleted, version.channel != download.default_channel, -version.pk),
    )
    retired = RetiredNumber.objects.filter(download=download, number=number)
    if not found and channel:
        found = list(rows.filter(pk__in=retired.filter(channel=channel).values("moved_to")))
    for version in found:
        version.download = download
        if not version.is_deleted and version_policy.can_view(actor, version):
            return version
    for version in found:
        if version.is_deleted and version.is_open:
            raise Gone(version.delete_reason)
    gone = (retired.filter(channel=channel) if channel else retired).filter(was_public=True, moved_to=None).first()
    raise Gone(gone.reason) if gone else NotFound


def find_exact(actor: Actor, slug: str, number: str, filename: str, channel: str = "") -> File:
    """What `find_download`, `find_version` and `find_file` find; in one query where nothing needs to be explained.

    Errors: NotFound; Gone.
    """
    _refuse_nul(slug + number + filename + channel)
    parts = {"slug": slug, "number": number, "filename": filename}
    file = None if channel else kept_row(actor, ("file", *parts.values()), partial(_only_one.first, **parts))
    if file is not None and file_policy.can_view(actor, file):
        return file
    return find_file(actor, find_version(actor, find_download(actor, slug), number, channel), filename)


def find_newest(actor: Actor, slug: str, wanted: str, *, channel: str = "", line: str = "") -> File:
    """What `find_download` and `find_latest` find.

    Errors: NotFound; Gone.
    """
    _refuse_nul(slug + wanted + channel + line)

    def find() -> File:
        return find_latest(actor, find_download(actor, slug), wanted, channel=channel, line=line)

    return kept_row(actor, ("latest", slug, wanted, channel, line), find)


def find_file(actor: Actor, version: Version, filename: str) -> File:
    """Errors: NotFound; Gone when it was public and is deleted or erased."""
    _refuse_nul(filename)
    rows = File.all_objects.select_related("blob").filter(version=version, filename=filename)
    file: File
    for file in rows.order_by("deleted_at", "-id"):
        file.version = version
        if not file.is_deleted and file_policy.can_view(actor, file):
            return file
    retired = RetiredFileName.objects.filter(version=version, filename=filename, was_public=True).first()
    raise Gone(retired.reason) if retired else NotFound


def find_latest(actor: Actor, download: Download, wanted: str, *, channel: str = "", line: str = "") -> File:
    """The newest file of exactly that name, else the newest version's file for that platform.

    `wanted`: a file name, a platform such as `windows` or `linux-x64`, or empty for the primary file. A word that is
    neither finds nothing: whoever mistypes a name must not be given other bytes.
    Errors: NotFound.
    """
    _refuse_nul(wanted + channel + line)
    search = partial(latest_version, download, channel=channel, line=line)
    if wanted and (version := search(filename=wanted)):
        return find_file(actor, version, wanted)
    platform, _, architecture = wanted.lower().partition("-")
    if wanted and not is_known_target(download, platform, architecture):
        raise NotFound
    version = search(platform=platform, architecture=architecture)
    file = best_file(version, platform, architecture) if version else None
    if file is None:
        raise NotFound
    return file


def is_known_target(download: Download, platform: str, architecture: str) -> bool:
    """Whether the words are common names of systems, or files of the download are marked with them."""
    files = File.objects.passed().filter(version__download=download)
    knows_platform = platform in PLATFORMS or (bool(platform) and files.filter(platform=platform).exists())
    if not knows_platform or not architecture or architecture in ARCHITECTURES:
        return knows_platform
    return bool(files.filter(architecture=architecture).exists())


def best_file(version: Version, platform: str = "", architecture: str = "") -> File | None:
    """Of the files that suit: what names the platform before what suits all, the primary before others."""
    given = {"platform": platform, "architecture": architecture}
    given = {name: value for name, value in given.items() if value}
    rows = _suiting(frozenset(given)).rows(version=version.pk, **given)
    files = sorted(rows, key=lambda file: (not file.platform, not file.is_primary, -file.display_order, file.pk))
    for file in files[:1]:
        file.version = version
        return file
    return None


_by_slug: Prepared[Download] = Prepared(
    lambda slug: Download.all_objects.select_related("category", "owner").filter(slug=slug).order_by(), slug="a slug"
)


def _alone_with_its_number(slug: str, number: str, filename: str) -> FileQuerySet:
    """The file, unless a second channel has the number too or something on the way to it is deleted."""
    twins = Version.all_objects.filter(download=OuterRef("version__download"), number=number)
    rows: FileQuerySet = File.objects.alive().filter(
        ~Exists(twins.exclude(pk=OuterRef("version"))),
        version__download__slug=slug,
        version__download__deleted_at=None,
        version__number=number,
        version__deleted_at=None,
        filename=filename,
    )
    notes = ("version__release_notes", "version__changelog", "version__download__description")
    return rows.select_related("blob", "version__download__category").defer(*notes).order_by()


_only_one: Prepared[File] = Prepared(_alone_with_its_number, slug="a slug", number="a number", filename="a name")


@lru_cache(maxsize=4)
def _suiting(given: frozenset[str]) -> Prepared[File]:
    def build(version: int, **asked: str) -> FileQuerySet:
        rows: FileQuerySet = File.objects.passed().filter(version=version).suiting(**asked)
        return rows.select_related("blob").order_by()

    return Prepared(build, version=STAND_IN, **{name: f"stand-in {name}" for name in given})


def checksums(version: Version) -> str:
    """The lines of SHA256SUMS, for `sha256sum -c`: every offered file whose bytes are stored here."""
    rows = File.objects.passed().filter(version=version, blob__isnull=False).select_related("blob").order_by("filename")
    return "".join(f"{file.blob.sha256}  {file.filename}\n" for file in rows if file.blob)


def _refuse_nul(text: str) -> None:
    """PostgreSQL cannot even be asked for such a text."""
    if "\0" in text:
        raise NotFound
