"""Create downloads with old versions and a retention rule that keeps the newest of each."""

from __future__ import annotations

import argparse
from datetime import timedelta

import django
from django.utils import timezone

django.setup()

from downloads.services import create_category, create_download  # noqa: E402
from files.blobs import keep_upload  # noqa: E402
from files.services import add_file  # noqa: E402
from files.storage.streaming import Receiver  # noqa: E402
from releasehub.accounts.models import User  # noqa: E402
from releasehub.core.actor import system_actor  # noqa: E402
from releasehub.publishing.releases import create_version  # noqa: E402
from releasehub.publishing.retention.services import create_rule  # noqa: E402
from tests import migrated_database  # noqa: E402
from versions.models import Version  # noqa: E402

ACTOR = system_actor()


def prepare(downloads: int, versions: int) -> None:
    owner = User.objects.create_user("owner", is_superuser=True)
    category = create_category(actor=ACTOR, title="Old versions")
    receiver = Receiver("tool.bin")
    receiver.write(b"content")
    blob = keep_upload(receiver.finish())
    for number in range(downloads):
        download = create_download(actor=ACTOR, category=category, title=f"Download {number}", owner=owner)
        for patch in range(versions):
            version = create_version(actor=ACTOR, download_id=download.pk, number=f"1.0.{patch}")
            add_file(actor=ACTOR, version=version, filename="tool.bin", blob=blob, warnings=[])
    Version.objects.update(released_at=timezone.now() - timedelta(days=100))
    create_rule(actor=ACTOR, category=category, keep_newest=1, min_age_days=30)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--downloads", type=int, required=True)
    parser.add_argument("--versions", type=int, required=True)
    options = parser.parse_args()
    migrated_database.copy_to_data_directory()
    prepare(options.downloads, options.versions)
