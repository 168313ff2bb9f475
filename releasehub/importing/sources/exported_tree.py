"""Read the releases in a folder that `manage.py export` has written. `docs/export.md` describes the format."""

from collections.abc import Iterator, Mapping
from typing import Any

from releasehub.importing.sources.base import SourceAsset, SourceRefused, SourceRelease
from releasehub.importing.sources.local_folder import LocalFolder, join
from releasehub.importing.sources.values import flag, moment, number, row_list, text, text_list

FORMAT_VERSION = 1
EXPORT_JSON, DOWNLOAD_JSON = "export.json", "download.json"
EXPORT_FORMAT = "releasehub-export"
DOWNLOAD_FORMAT = "releasehub-export-download"
VERSION_FORMAT = "releasehub-export-version"
DRAFTS = frozenset({"draft", "scheduled", "pending"})
TEXT_FIELDS = ("changelog_url", "end_of_support", "source_hash", "visibility")


def find_download_folder(folder: LocalFolder, slug: str) -> str | None:
    """Return the path of the exported download, or None if the folder is not an export.

    The folder may be that of the whole export or that of one download.

    Raises:
        SourceRefused: The export has several downloads, and `slug` names none of them.
    """
    if folder.has(DOWNLOAD_JSON):
        return ""
    if not folder.has(EXPORT_JSON):
        return None
    export = _read(folder, EXPORT_JSON, EXPORT_FORMAT)
    paths = {text(row, "slug"): text(row, "path").rstrip("/") for row in row_list(export.get("downloads"))}
    if not slug and len(paths) == 1:
        return next(iter(paths.values()))
    if slug in paths:
        return paths[slug]
    raise SourceRefused(f"The export has the downloads {', '.join(sorted(paths))}. Name one of them with --download.")


def exported_releases(folder: LocalFolder, path: str) -> Iterator[SourceRelease]:
    """Yield the releases of an exported download, the newest first.

    Raises:
        SourceRefused: The metadata is damaged, or names files that are not there.
    """
    download = _read(folder, join(path, DOWNLOAD_JSON), DOWNLOAD_FORMAT)
    for entry in row_list(download.get("versions")):
        metadata_path = join(path, text(entry, "metadata"))
        yield _release(folder, metadata_path, _read(folder, metadata_path, VERSION_FORMAT))


def _release(folder: LocalFolder, metadata_path: str, row: Mapping[str, Any]) -> SourceRelease:
    place = metadata_path.rpartition("/")[0]
    changelog = _read_named(folder, place, text(row, "changelog"))
    is_yanked = bool(text(row, "yanked_at"))
    fields = {name: text(row, name) for name in TEXT_FIELDS} | {"platforms": text_list(row, "platforms")}
    fields |= {"changelog": changelog}
    return SourceRelease(
        key=place.rpartition("/")[2],
        tag=text(row, "tag"),
        number=text(row, "number"),
        title=text(row, "title"),
        notes=_read_named(folder, place, text(row, "notes")),
        channel=text(row, "channel"),
        is_prerelease=flag(row, "is_prerelease"),
        is_draft=text(row, "state") in DRAFTS,
        is_archived=text(row, "state") == "archived",
        created_at=moment(row, "created_at"),
        published_at=moment(row, "published_at"),
        page_url=text(row, "release_page_url"),
        commitish=text(row, "commitish"),
        yank_reason=text(row, "yank_reason") if is_yanked else None,
        fields={name: value for name, value in fields.items() if value},
        assets=tuple(_assets(folder, place, row_list(row.get("files")))),
    )


def _assets(folder: LocalFolder, place: str, rows: list[Mapping[str, Any]]) -> Iterator[SourceAsset]:
    for row in rows:
        name, path = text(row, "filename"), text(row, "path")
        if path and not folder.has(join(place, path)):
            raise SourceRefused(f"The file {join(place, path)} is missing in the folder. Run the export again.")
        digest = text(row, "sha256")
        yield SourceAsset(
            key=name,
            name=name,
            url=join(place, path) if path else text(row, "external_url"),
            size_bytes=number(row, "size_bytes") if path or number(row, "size_bytes") else None,
            digest=f"sha256:{digest.lower()}" if digest else "",
            label=text(row, "label"),
            platform=text(row, "platform"),
            architecture=text(row, "architecture"),
            download_count=number(row, "download_count"),
            fields=_file_fields(row),
        )


def _file_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {"is_secured": flag(row, "is_secured"), "display_order": number(row, "display_order")}
    if text(row, "kind"):
        fields["kind"] = text(row, "kind")
    return fields | ({"is_primary": True} if flag(row, "is_primary_choice") else {})


def _read(folder: LocalFolder, path: str, kind: str) -> dict[str, Any]:
    row = folder.read_object(path)
    if row.get("format") != kind:
        raise SourceRefused(f"{path} does not have the format {kind}.")
    if row.get("format_version") != FORMAT_VERSION:
        found = row.get("format_version")
        raise SourceRefused(f"{path} has version {found} of the format, but this hub reads version {FORMAT_VERSION}.")
    return row


def _read_named(folder: LocalFolder, place: str, name: str) -> str:
    return folder.read_text(join(place, name)) if name else ""
