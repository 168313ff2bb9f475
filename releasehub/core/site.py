"""The URL of the hub, for links that are made outside of a request, and its name."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings

DEFAULT_NAME = "ReleaseHub"
MAX_NAME_CHARACTERS = 60


def site_url() -> str:
    """Return the scheme and the host, without a slash at the end.

    It is RELEASEHUB_PUBLIC_URL, or else derived from ALLOWED_HOSTS and PORT. `releasehub.server.checks` warns if that
    is a guess.
    """
    return settings.PUBLIC_URL or settings.FALLBACK_URL


def site_name() -> str:
    """Return RELEASEHUB_SITE_NAME, or else the name that was chosen when the hub was set up.

    The chosen name is in a file of the data directory, so that pages need no query for it.
    """
    return settings.SITE_NAME or _read_name(_name_file()) or DEFAULT_NAME


def store_site_name(name: str) -> None:
    """Store the name that was chosen when the hub was set up. Readers never see a half-written file."""
    path = _name_file()
    unfinished = path.with_suffix(".new")
    unfinished.write_text(name, encoding="utf-8")
    unfinished.replace(path)


def _name_file() -> Path:
    return Path(settings.DATA_DIR) / "site_name"


@lru_cache(maxsize=4)
def _read_name_at(path: Path, changed_at: int) -> str:
    return path.read_text(encoding="utf-8").strip()


def _read_name(path: Path) -> str:
    """Return the content of the file, which is read again only after it has changed."""
    try:
        return _read_name_at(path, path.stat().st_mtime_ns)
    except OSError:
        return ""
