"""A visitor of a hub that is being moved: reads pages, and publishes versions as long as the hub accepts them."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sized
from itertools import count

PAUSE_SECONDS = 0.05
REST = 4  # times as long as the last requests took, so that the hub has time for what else happens on the machine
PATIENCE_SECONDS = 300.0


class Visitor:
    """Requests in a thread of its own.

    Attributes:
        reads: Statuses of the pages that were read.
        refusals: Statuses of refused changes, each with whether `Retry-After` was sent.
        acknowledged: Numbers of the versions that the hub has accepted.
    """

    def __init__(self, url: str, key: str, download_id: int) -> None:
        self._url, self._key, self._download_id = url, key, download_id
        self.reads: Counter[int] = Counter()
        self.refusals: Counter[tuple[int, bool]] = Counter()
        self.acknowledged: list[str] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)

    def __enter__(self) -> Visitor:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join(120)

    def wait_for(self, seen: Sized) -> None:
        """Wait until there is one of what the visitor counts."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not seen and self._thread.is_alive() and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)

    def _visit(self) -> None:
        pause = PAUSE_SECONDS
        for number in count():
            if self._is_over.wait(pause):
                return
            started = time.monotonic()
            self.reads[self._read()] += 1
            self._publish(f"77.{number}.0")
            pause = max(PAUSE_SECONDS, REST * (time.monotonic() - started))

    def _read(self) -> int:
        try:
            with urllib.request.urlopen(f"{self._url}/", timeout=60) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def _publish(self, number: str) -> None:
        body = json.dumps({"download_id": self._download_id, "version_string": number}).encode()
        headers = {"Content-Type": "application/json", "XF-Api-Key": self._key}
        request = urllib.request.Request(f"{self._url}/api/mc-dm-versions/", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
            self.acknowledged.append(number)
        except urllib.error.HTTPError as error:
            self.refusals[error.code, error.headers["Retry-After"] is not None] += 1
