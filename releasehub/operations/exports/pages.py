"""The pages of an exported tree. All their links are relative, so the tree works at any URL and from a disk."""

from typing import Any
from urllib.parse import quote

from django.template.loader import render_to_string

from downloads.models import Download
from releasehub.core.site import site_name
from releasehub.operations.exports.metadata import Metadata
from versions.models import Version


def downloads_page(downloads: list[Metadata], prefix: str) -> bytes:
    """Return the page that lists the downloads. `prefix` is what their paths begin with and the page does not need."""
    rows = [{**entry, "href": f"{quote(entry['path'].removeprefix(prefix))}index.html"} for entry in downloads]
    return _render("downloads", downloads=rows)


def download_page(download: Download, latest: Version | None, versions: list[Metadata]) -> bytes:
    rows = [{**entry, "href": f"{quote(entry['path'])}index.html"} for entry in versions]
    return _render("download", download=download, latest=latest, versions=rows)


def version_page(version: Version, files: list[Metadata], names: dict[str, str | None]) -> bytes:
    links = {kind: _href(name) for kind, name in names.items() if name}
    rows = [{**entry, "href": _href(entry["path"]) if entry["path"] else entry["external_url"]} for entry in files]
    return _render("version", version=version, download=version.download, files=rows, links=links)


def _href(name: str) -> str:
    """Return a relative URL of a file. A name with a colon or a leading slash would otherwise be another URL."""
    return f"./{quote(name, safe='')}"


def _render(name: str, **context: Any) -> bytes:
    return render_to_string(f"export/{name}.html", {"site": site_name(), **context}).encode()
