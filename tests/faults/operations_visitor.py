"""A visitor of a hub that is being moved: reads pages, and publishes versions as long as the hub accepts them."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from itertools import count

PAUSE_SECONDS = 0.05


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

    def _visit(self) -> None:
        for number in count():
            if self._is_over.wait(PAUSE_SECONDS):
                return
            self.reads[self._read()] += 1
            self._publish(f"77.{number}.0")

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
