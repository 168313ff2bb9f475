"""The absolute URLs of the pages that events are about."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from releasehub.core.site import site_url

_EMBEDDED = ("version", "download")


def page_url(download: Mapping[str, Any], version: Mapping[str, Any]) -> str:
    """Return the URL of the page of a version, or of its download if `version` is empty; nothing without either."""
    if not download.get("path"):
        return ""
    number, query = version.get("number", ""), version.get("page_query") or {}
    page = f"{site_url()}{download['path']}{quote(number, safe='') + '/' if number else ''}"
    return f"{page}?{urlencode(query)}" if query else page


def with_page_urls(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a snapshot with the `url` of the page next to the data of each version and each download."""
    embedded = {name: with_page_urls(data[name]) for name in _EMBEDDED if isinstance(data.get(name), Mapping)}
    if "path" in data:
        url = page_url(data, {})
    else:
        url = page_url(data.get("download") or {}, data) if "number" in data else ""
    return {**data, **embedded} | ({"url": url} if url else {})
