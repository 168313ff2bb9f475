"""Fill a hub with a download of many releases, or another one with an empty download to import them into."""

from __future__ import annotations

import argparse
from random import Random

import django

django.setup()

from downloads.models import Download  # noqa: E402
from downloads.services import create_category, create_download  # noqa: E402
from files.blobs import keep_upload  # noqa: E402
from files.services import add_file  # noqa: E402
from files.storage.streaming import Receiver  # noqa: E402
from releasehub.accounts.models import User  # noqa: E402
from releasehub.core.actor import system_actor  # noqa: E402
from releasehub.publishing.releases import create_version  # noqa: E402
from tests import migrated_database  # noqa: E402

ACTOR = system_actor()
CHUNK_BYTES = 1024 * 1024


def make_download() -> Download:
    owner = User.objects.create_user("acme", is_superuser=True)
    category = create_category(actor=ACTOR, title="Tools")
    return create_download(actor=ACTOR, category=category, title="tool", slug="tool", owner=owner)


def fill(download: Download, releases: int, files: int, size_bytes: int, large_bytes: int, seed: int) -> None:
    """Create the releases with all files, of about the given size each, and one large file in the last release."""
    chance = Random(seed)
    for number in range(releases):
        version = create_version(
            actor=ACTOR, download_id=download.pk, tag=f"v1.{number}.0", title=f"Release {number}", release_notes="* New"
        )
        count = files // releases + (number < files % releases)
        for place in range(count):
            is_large = number == releases - 1 and place == count - 1
            add(version, f"tool-{place}.bin", large_bytes if is_large else chance.randrange(1, 2 * size_bytes), chance)


def add(version: object, name: str, size_bytes: int, chance: Random) -> None:
    receiver = Receiver(name)
    while size_bytes > 0:
        receiver.write(chance.randbytes(min(size_bytes, CHUNK_BYTES)))
        size_bytes -= CHUNK_BYTES
    blob = keep_upload(receiver.finish())
    add_file(actor=ACTOR, version=version, filename=name, blob=blob, warnings=[])  # type: ignore[arg-type]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("releases", "files", "size", "large", "seed"):
        parser.add_argument(f"--{name}", type=int, default=0)
    options = parser.parse_args()
    migrated_database.copy_to_data_directory()
    made = make_download()
    if options.releases:
        fill(made, options.releases, options.files, options.size, options.large, options.seed)
