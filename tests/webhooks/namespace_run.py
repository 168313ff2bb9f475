"""A script for `unshare -Urn`: the API and worker of a separate hub, in the world of `tests/outbound/namespace_run`.

Prints, as JSON, what accepted a connection while an endpoint was made, edited, tested, retried and replayed with one
target of each kind, and what the API answered.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from releasehub.webhooks import clock  # noqa: E402
from releasehub.webhooks.delivery import deliver_batch  # noqa: E402
from releasehub.webhooks.models import Delivery, Endpoint  # noqa: E402
from tests.conftest import ApiClient  # noqa: E402
from tests.factories import make_download, make_key, make_user  # noqa: E402
from tests.outbound.corpus import KINDS  # noqa: E402
from tests.outbound.namespace_run import FORBIDDEN, accepted, only, open_world, play  # noqa: E402

BASE = "/api/mc-dm-webhooks/"
HARMLESS = "http://8.8.8.8/"


class Hub:
    def __init__(self) -> None:
        owner = make_user()
        self.download = make_download(owner)
        self.client = ApiClient(make_key(owner))

    def create(self, url: str) -> Any:
        return self.client.send("post", BASE, {"url": url, "download_id": self.download.pk})

    def run_case(self, url: str) -> dict[str, Any]:
        """Return the reached addresses by route, and in `status` the responses of the API to create and edit.

        Whatever it answered, the URL is then in the row: it was good on the day it was saved.
        """
        Endpoint.objects.all().delete()
        found: dict[str, Any] = {}
        with noted(found, "create"):
            created = self.create(url)
        Endpoint.objects.all().delete()
        self.create(HARMLESS)
        row = Endpoint.objects.get()
        with noted(found, "edit"):
            edited = self.client.send("put", f"{BASE}{row.pk}/", {"url": url})
        Endpoint.objects.update(url=url, verify_tls=False)
        with noted(found, "test"):
            self.post(row, "test/")
            deliver_batch()
        self.send_again(row, found)
        return found | {"status": [created.status_code, edited.status_code]}

    def send_again(self, row: Endpoint, found: dict[str, Any]) -> None:
        with noted(found, "retry"):
            Delivery.objects.update(next_attempt_at=clock.now())
            deliver_batch()
        with noted(found, "replay"):
            self.post(row, f"deliveries/{Delivery.objects.get().webhook_id}/replay/")
            deliver_batch()

    def post(self, row: Endpoint, action: str) -> None:
        answer = self.client.send("post", f"{BASE}{row.pk}/{action}")
        if answer.status_code >= 300:
            raise AssertionError(answer.content)


@contextmanager
def noted(found: dict[str, Any], route: str) -> Iterator[None]:
    """Return the addresses that accept a connection inside the block."""
    before = len(accepted)
    yield
    found[route] = accepted[before:]


def main() -> None:
    call_command("migrate", verbosity=0)
    open_world()
    hub = Hub()
    report: dict[str, Any] = {"cases": {}, "listed": {}}
    for case in KINDS:
        play(case)
        report["cases"][case["id"]] = hub.run_case(case["url"])
    for address, url in FORBIDDEN.items():
        settings.WEBHOOK_ALLOW_NETS = [only(address)]
        report["listed"][address] = hub.run_case(url)
    time.sleep(0.2)
    print(json.dumps(report | {"accepted": accepted}))


if __name__ == "__main__":
    main()
