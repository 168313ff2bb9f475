"""Record the numbers of versions that outsiders can see.

Outsiders can see a version if the version is open and its download is exposed. From that moment, its number is reserved
for it forever, so that a published link or a pinned version never leads to other content. The app `files` registers a
listener here, which reserves the file names in the same way.
"""

from collections import defaultdict

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from downloads.exposure import is_exposed
from downloads.models import Download
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.inserts import insert_all
from releasehub.core.listeners import Listeners
from versions.models import PublicNumber, PublicTag, Version
from versions.querysets import VersionQuerySet

BATCH = 1000
MAX_SHOWN_NUMBERS = 3
NUMBER_FIELDS = ("download_id", "channel", "sort_key", "number", "platform_keys", "is_twin")
became_visible = Listeners[[VersionQuerySet]]()  # to outsiders


def remember_public(version: Version) -> None:
    """Reserve the number, the tag and the file names of the version if outsiders can see it; otherwise do nothing.

    Every change that may open a version ends with this call: a move into a public state, a change of the visibility,
    number, tag or channel, and a restoration. The caller holds the lock on the download.

    Raises:
        Conflict: A file has a name that is reserved for other bytes.
    """
    if not is_public(version):
        return
    remember_number(version)
    became_visible(Version.all_objects.filter(pk=version.pk))


def is_public(version: Version) -> bool:
    """Return whether outsiders can see the version."""
    return version.is_open and not version.is_deleted and is_exposed(version.download)


def remember_number(version: Version) -> None:
    """Reserve the number and the tag for this version forever. Reserving them again changes nothing."""
    # An existing row belongs to this version: `check_number_is_free` ran under the same lock on the download.
    insert_all(_rows(version), ignore_conflicts=True)
    if version.tag:
        insert_all(
            [PublicTag(download_id=version.download_id, tag=version.tag, version=version)], ignore_conflicts=True
        )


def remember_versions_of(download: Download) -> None:
    """Reserve the numbers, tags and file names of all open versions of a download that outsiders see from now on."""
    rows = Version.all_objects.filter(download=download).released()
    # Only the missing rows are loaded: a download that is hidden and shown again may have thousands of known ones.
    public_numbers = PublicNumber.objects.filter(
        version=OuterRef("pk"), channel=OuterRef("channel"), sort_key=OuterRef("sort_key")
    )
    # One row is no proof for the others of a version that declares several platforms.
    is_missing = ~Exists(public_numbers) | ~Q(first_platform="")
    versions = rows.filter(is_missing).only(*NUMBER_FIELDS).order_by()
    _start_ages(rows.filter(~Exists(public_numbers)))
    public_rows = [row for version in versions for row in _rows(version)]
    PublicNumber.objects.bulk_create(public_rows, batch_size=BATCH, ignore_conflicts=True)
    _remember_tags(rows)
    became_visible(rows)


def _remember_tags(rows: VersionQuerySet) -> None:
    known = PublicTag.objects.filter(download=OuterRef("download"), tag=OuterRef("tag"))
    tagged = rows.filter(~Exists(known)).exclude(tag="").only("download_id", "tag").order_by()
    tags = [PublicTag(download_id=version.download_id, tag=version.tag, version_id=version.pk) for version in tagged]
    PublicTag.objects.bulk_create(tags, batch_size=BATCH, ignore_conflicts=True)


def _start_ages(versions: VersionQuerySet) -> None:
    """Count the ages of the versions from now, because only the team could see them until now."""
    versions.filter(public_since__isnull=False).update(public_since=timezone.now())


def keep_links_without_channel(download: Download, channel: str) -> None:
    """Reserve the numbers that were public in the default channel in its next default channel, too.

    The hub shows links to versions of the default channel without a channel, and such a link leads to the default
    channel first. Without the reservation, a version that gets the number there later would take over the link.

    Raises:
        Conflict: Another version has or had one of the numbers in the next default channel.
    """
    public = list(PublicNumber.objects.filter(download=download, channel=download.default_channel).order_by("-id"))
    holders: dict[bytes, set[int | None]] = defaultdict(set)
    for row in public:
        holders[bytes(row.sort_key)].add(row.version_id)
    past = PublicNumber.objects.filter(download=download, channel=channel).values_list("sort_key", "version")
    present = Version.objects.filter(download=download, channel=channel).values_list("sort_key", "pk")
    # None stands for versions that were erased. Links to all of them say that the version is gone.
    taken = {bytes(key) for key, pk in (*past, *present) if pk not in holders.get(bytes(key), {pk})}
    if numbers := [row.number for row in public if bytes(row.sort_key) in taken][:MAX_SHOWN_NUMBERS]:
        message = (
            f"The channel {channel} has the same version numbers as {download.default_channel}: {', '.join(numbers)}. "
            "Published links to these versions would lead to other files, so choose another default channel."
        )
        raise Conflict(ErrorCode.VERSION_NUMBER_TAKEN, message, field="default_channel")
    for row in public:
        row.pk, row.channel = None, channel
    PublicNumber.objects.bulk_create(public[::-1], ignore_conflicts=True)  # after a change back, the rows are there


def _rows(version: Version) -> list[PublicNumber]:
    return [
        PublicNumber(
            download_id=version.download_id,
            channel=version.channel,
            platform=platform,
            is_twin=version.is_twin,
            sort_key=bytes(version.sort_key),
            number=version.number,
            version_id=version.pk,
        )
        for platform in version.platform_keys or [""]
    ]
