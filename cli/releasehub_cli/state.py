"""The uploads in progress: which session of the hub belongs to which file, so that the next run resumes it."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from releasehub_cli.config import state_path, write_private

try:
    import fcntl
except ImportError:  # on Windows two commands may overwrite each other's entry; then one upload starts over
    fcntl = None  # type: ignore[assignment]

MAX_AGE_SECONDS = 7 * 24 * 3600
_thread_lock = threading.Lock()


def session_key(*, hub: str, version_id: str, filename: str, size_bytes: int, sha256: str) -> str:
    text = "\0".join((hub, version_id, filename, str(size_bytes), sha256))
    return hashlib.sha256(text.encode()).hexdigest()


def known_session(key: str) -> str:
    """Return the id of the upload, or an empty string if it is unknown."""
    return str(_read().get(key, {}).get("id", ""))


def remember(key: str, *, upload_id: str, hub: str, version_id: str, filename: str) -> None:
    entry = {"id": upload_id, "hub": hub, "version_id": version_id, "filename": filename, "at": int(time.time())}
    _change(lambda sessions: sessions.update({key: entry}))


def forget(key: str) -> None:
    if known_session(key):
        _change(lambda sessions: sessions.pop(key, None))


def _change(change: Callable[[dict[str, Any]], object]) -> None:
    path = state_path()
    with _thread_lock, _lock(path):
        sessions = _read()
        change(sessions)
        write_private(path, sessions)


def _read() -> dict[str, Any]:
    """Return the entries that have not expired. A damaged file counts as empty."""
    try:
        sessions = json.loads(state_path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    oldest = time.time() - MAX_AGE_SECONDS
    if not isinstance(sessions, dict):
        return {}
    return {key: entry for key, entry in sessions.items() if _created_at(entry) >= oldest}


def _created_at(entry: Any) -> float:
    """Return the time of the entry in Unix seconds, or 0 if it has none."""
    moment = entry.get("at") if isinstance(entry, dict) else None
    return moment if isinstance(moment, int) else 0


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock that excludes other processes."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.with_suffix(".lock").open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
