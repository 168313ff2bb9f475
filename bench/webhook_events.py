"""Seeding of the outbox: python -m bench.webhook_events DOWNLOADS VERSIONS EVENTS ENDPOINTS_EACH RECEIVER_URL

Each endpoint belongs to one download. The events report its versions in turn and contain release notes.
"""

import os
import sys
from functools import partial

import django

from bench.plan import NOTES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")
django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from downloads.services import create_category, create_download  # noqa: E402
from releasehub.accounts.models import User  # noqa: E402
from releasehub.core.actor import system_actor  # noqa: E402
from releasehub.publishing.releases import create_version  # noqa: E402
from releasehub.webhooks.endpoints import create_endpoint  # noqa: E402
from releasehub.webhooks.events import EventType  # noqa: E402
from releasehub.webhooks.models import Endpoint  # noqa: E402
from releasehub.webhooks.services import publish  # noqa: E402
from versions.models import Version  # noqa: E402


def fill(downloads: int, versions: int, events: int, endpoints_each: int, url: str) -> None:
    made = [version for number in range(downloads) for version in some_versions(number, versions)]
    for version in made[::versions]:
        for _ in range(endpoints_each):
            create_endpoint(actor=system_actor(), url=f"{url}/{version.pk}", download_id=version.download_id)
    Endpoint.objects.update(paused_at=timezone.now())
    with transaction.atomic():
        for number in range(events):
            target = made[number * 7919 % len(made)]
            publish(actor=system_actor(), event=EventType.VERSION_UPDATED, target=target)


def some_versions(number: int, count: int) -> list[Version]:
    owner, _ = User.objects.get_or_create(username="owner")
    category = create_category(actor=system_actor(), title=f"Benchmark {number}")
    download = create_download(actor=system_actor(), category=category, title=f"Benchmark {number}", owner=owner)
    create = partial(create_version, actor=system_actor(), download_id=download.pk, release_notes=NOTES)
    return [create(number=f"1.{n}.0") for n in range(count)]


if __name__ == "__main__":
    fill(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
