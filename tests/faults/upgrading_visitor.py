"""A visitor of a hub that is being upgraded: reads and publishes, and repeats each request until it succeeds."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence

PAUSE_SECONDS = 0.1
REQUEST_SECONDS = 60
RETRIED_STATUSES = ("502", "503", "504")


class PatientVisitor:
    """Requests in a thread of its own. A request that fails is sent to the next process, as a proxy does.

    Attributes:
        acknowledged: Numbers of the versions that the hub has accepted.
        failed: Requests that did not succeed in time.
        refused: Responses of a kind after which a proxy does not ask the next process, such as 409, and their count.
        retries: Causes of repeated requests.
        longest: The longest time until a request succeeded, in seconds.
        slowest: The slowest single response, in seconds.
    """

    def __init__(self, urls: Sequence[str], key: str, download_id: int, patience: float) -> None:
        self._urls, self._key, self._download_id, self._patience = list(urls), key, download_id, patience
        self.acknowledged: list[str] = []
        self.failed: list[str] = []
        self.refused: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()
        self.longest = self.slowest = 0.0
        self.read_count = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)

    def __enter__(self) -> PatientVisitor:
        self._thread.start()
        return self

    def __exit__(self, exception: object, *details: object) -> None:
        self._is_over.set()
        if exception is not None:  # the run was interrupted, so the last request need not succeed
            self._patience = 0.0
        self._thread.join(self._patience + REQUEST_SECONDS)

    def wait_for(self, versions: int) -> None:
        """Wait until this many more versions are published, or a request has failed."""
        goal = len(self.acknowledged) + versions
        while len(self.acknowledged) < goal and self._thread.is_alive() and not self.failed:
            time.sleep(PAUSE_SECONDS)

    def _visit(self) -> None:
        number = 0
        while not self._is_over.wait(PAUSE_SECONDS) and not self.failed:
            number += 1
            for path in ("/", f"/api/mc-dm-versions/?download_id={self._download_id}"):
                self.read_count += self._insist(path)
            body = json.dumps({"download_id": self._download_id, "version_string": f"77.{number}.0"}).encode()
            if self._insist("/api/mc-dm-versions/", body):
                self.acknowledged.append(f"77.{number}.0")

    def _insist(self, path: str, body: bytes | None = None) -> bool:
        """Repeat the request until it succeeds. Return whether it did in time."""
        started, was_cut = time.monotonic(), False
        while time.monotonic() < started + self._patience:
            sent = time.monotonic()
            cause = self._send(path, body)
            if cause == "409" and was_cut:  # the version was created, and only the response was lost
                cause = ""
            if cause:
                # A refused connection has delivered nothing.
                was_cut = was_cut or not (cause.isdigit() or cause == ConnectionRefusedError.__name__)
                is_refused = cause.isdigit() and cause not in RETRIED_STATUSES
                (self.refused if is_refused else self.retries)[cause] += 1
                self._urls.append(self._urls.pop(0))
                time.sleep(PAUSE_SECONDS)
                continue
            self.slowest = max(self.slowest, time.monotonic() - sent)
            self.longest = max(self.longest, time.monotonic() - started)
            return True
        self.failed.append(path)
        return False

    def _send(self, path: str, body: bytes | None) -> str:
        """Send the request once. Return the reason to repeat it, or an empty string."""
        headers = {"Content-Type": "application/json", "XF-Api-Key": self._key}
        request = urllib.request.Request(self._urls[0] + path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            return str(error.code)
        except OSError as error:
            reason = getattr(error, "reason", error)
            return type(reason).__name__
        return ""
