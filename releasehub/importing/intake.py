"""Bring what a source lists into a form that can be stored and compared, whatever the source sends."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from files.names import fold_name
from releasehub.core.clean import strip_controls
from releasehub.importing.models import (
    FILE_FIELDS,
    MAX_KEY_CHARACTERS,
    MAX_PAGE_URL_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    MAX_URL_CHARACTERS,
    VERSION_FIELDS,
)
from releasehub.importing.sources.base import SourceAsset, SourceRelease

# More than any host accepts for a release. Beyond that, storing the list takes longer than the lease of the run.
MAX_ASSETS = 2000
# The sizes of all files of a run are added up in a number of 64 bits.
MAX_RELEASE_BYTES = 2**48
MAX_NOTES_CHARACTERS = 1_000_000
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|sha1:[0-9a-f]{40}|md5:[0-9a-f]{32}")
_REPLACEMENT = "\ufffd"


def cleaned(releases: Iterable[SourceRelease]) -> Iterator[SourceRelease]:
    """Yield the releases in a form that can be stored, each key once.

    A list whose pages move while it is read repeats a release. The first one counts.
    """
    seen: set[str] = set()
    for release in releases:
        clean = clean_release(release)
        if clean.key not in seen:
            seen.add(clean.key)
            yield clean


def clean_release(release: SourceRelease) -> SourceRelease:
    return replace(
        release,
        key=key_of(release.key),
        tag=printable(release.tag),
        number=printable(release.number),
        notes=strip_controls(release.notes[:MAX_NOTES_CHARACTERS]),
        page_url=_url(release.page_url, MAX_PAGE_URL_CHARACTERS),
        fields=_fields(release.fields, VERSION_FIELDS),
        assets=tuple(map(_clean_asset, release.assets)),
    )


def reason_against_files(release: SourceRelease) -> str:
    """Return why the files of a release cannot be stored, whatever they contain, or an empty string."""
    if len(release.assets) > MAX_ASSETS:
        return f"It has more than {MAX_ASSETS} files."
    if sum(asset.size_bytes or 0 for asset in release.assets) > MAX_RELEASE_BYTES:
        return f"Its files have more than {MAX_RELEASE_BYTES} bytes."
    if len({fold_name(stored_name(asset)) for asset in release.assets}) < len(release.assets):
        return "Two of its files have names that count as one here."
    return ""


def stored_name(asset: SourceAsset) -> str:
    return printable(asset.name)[:MAX_TEXT_CHARACTERS]


def key_of(text: str) -> str:
    """Return the key of a release or file. A long one is replaced by its digest."""
    text = printable(text)
    return text if len(text) <= MAX_KEY_CHARACTERS else hashlib.sha256(text.encode()).hexdigest()


def printable(text: str) -> str:
    """Return the text with a replacement for each character that cannot be printed. No database stores all of them."""
    return text if text.isprintable() else "".join(char if char.isprintable() else _REPLACEMENT for char in text)


def _clean_asset(asset: SourceAsset) -> SourceAsset:
    return replace(
        asset,
        key=key_of(asset.key),
        url=_url(asset.url, MAX_URL_CHARACTERS),
        digest=asset.digest if _DIGEST.fullmatch(asset.digest) else "",
        download_count=min(asset.download_count, MAX_RELEASE_BYTES),
        fields=_fields(asset.fields, FILE_FIELDS),
    )


def _url(url: str, limit: int) -> str:
    return url if len(url) <= limit and url.isprintable() else ""


def _fields(fields: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the fields with these names. A text of which nothing is left counts as missing."""
    cleaned = {name: _clean_value(fields[name]) for name in names if name in fields}
    return {name: value for name, value in cleaned.items() if value != ""}


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return strip_controls(value[:MAX_NOTES_CHARACTERS])
    return [strip_controls(item) for item in value if isinstance(item, str)] if isinstance(value, list) else value
