"""The texts of listed releases and files, cleaned and shortened so that they fit into the database."""

from typing import Any

from files.targets import target_in_name
from releasehub.core.clean import fold_whitespace, strip_controls
from releasehub.importing.contents import number_of
from releasehub.importing.intake import stored_name
from releasehub.importing.models import MAX_TEXT_CHARACTERS
from releasehub.importing.sources.base import SourceAsset, SourceRelease


def release_texts(release: SourceRelease) -> dict[str, Any]:
    """Return the values of the fields of an `ImportedRelease`."""
    yank_reason = release.yank_reason
    return {
        "tag": release.tag[:MAX_TEXT_CHARACTERS],
        "number": number_of(release)[:MAX_TEXT_CHARACTERS],
        "title": _line(release.title),
        "notes": release.notes.replace("\r\n", "\n"),
        "channel": _line(release.channel),
        "is_prerelease": release.is_prerelease,
        "is_draft": release.is_draft,
        "made_at": release.created_at,
        "published_at": release.published_at,
        "author": _line(release.author),
        "page_url": release.page_url if release.page_url.startswith(("https://", "http://")) else "",
        "commitish": _line(release.commitish),
        "yank_reason": None if yank_reason is None else _line(yank_reason),
        "is_archived": release.is_archived,
        "fields": dict(release.fields),
    }


def file_texts(asset: SourceAsset) -> dict[str, Any]:
    """Return the values of the fields of an `ImportedFile`."""
    platform, architecture = target_in_name(asset.name)
    platform = platform if asset.platform is None else asset.platform
    architecture = architecture if asset.architecture is None else asset.architecture
    return {
        "key": asset.key,
        "name": stored_name(asset),
        "url": asset.url,
        "size_bytes": asset.size_bytes,
        "digest": asset.digest,
        "label": _line(asset.label)[:200],
        "platform": _line(platform)[:50],
        "architecture": _line(architecture)[:50],
        "fields": dict(asset.fields),
        "download_count": asset.download_count,
        "sends_token": asset.sends_token,
    }


def _line(text: str) -> str:
    return fold_whitespace(strip_controls(text))[:MAX_TEXT_CHARACTERS]
