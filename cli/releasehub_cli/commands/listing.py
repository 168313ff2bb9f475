"""`list`: show downloads, or the versions of one download."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from releasehub_cli import catalog, options
from releasehub_cli.errors import usage
from releasehub_cli.minimum_age import MinimumAge
from releasehub_cli.output import human_bytes, table
from releasehub_cli.settings import Settings
from releasehub_cli.shapes import DownloadRow, FileRow, VersionRow, sha256_of
from releasehub_cli.targets import VersionTarget, version_of


@click.command("list")
@click.argument("target", default="", metavar="[DOWNLOAD[@VERSION]]")
@click.option("--download", "name", default="", hidden=True)
@options.min_age
@options.common()
@click.pass_obj
def list_command(settings: Settings, target: str, name: str, minimum_age: MinimumAge) -> None:
    """List downloads, or versions and their files.

    Without an argument, the command lists all downloads.

    \b
    Example:
      releasehub list
      releasehub list packsmith --json
      releasehub list packsmith@latest --min-age 7d
    """
    hub = settings.hub(needs_key=False)
    if target and name:
        raise usage("The download was given twice. Name it once.")
    parsed_target = VersionTarget.parse(target or name) if target or name else None
    if parsed_target is None:
        downloads = catalog.all_downloads(hub)
        data = {"downloads": [_download(row) for row in downloads]}
        rows = [(row["download_id"], catalog.slug_of(row), row["download_state"], row["title"]) for row in downloads]
        settings.output.result(data, table(("ID", "SLUG", "STATE", "TITLE"), rows))
        return
    download = catalog.find_download(hub, parsed_target.download)
    if parsed_target.version:
        version_rows = [version_of(hub, target, minimum_age=minimum_age)]
    else:
        version_rows = catalog.all_versions(hub, download)
    versions = [(version, catalog.all_files(hub, version)) for version in version_rows]
    settings.output.result(
        {"download": _download(download), "versions": [_version(version, files) for version, files in versions]},
        _versions_table(versions),
    )


def _download(row: DownloadRow) -> dict[str, Any]:
    return {
        "download_id": row["download_id"],
        "slug": catalog.slug_of(row),
        "title": row["title"],
        "state": row["download_state"],
        "url": row["view_url"],
    }


def _version(row: VersionRow, files: list[FileRow]) -> dict[str, Any]:
    return {
        "version_id": row["version_id"],
        "version_string": row["version_string"],
        "channel": row["channel"],
        "state": _state(row),
        "published": row["is_published"],
        "release_date": row["release_date"],
        "files": [
            {
                "file_id": file["file_id"],
                "filename": file["filename"],
                "size_bytes": file["file_size"],
                "sha256": sha256_of(file) or None,
                "platform": file["platform"],
                "architecture": file["architecture"],
            }
            for file in files
        ],
    }


def _versions_table(versions: list[tuple[VersionRow, list[FileRow]]]) -> str:
    """Return a line for each version, with its files indented below it."""
    rows = [
        (row["version_id"], row["version_string"], row["channel"], _state(row), _day(row["release_date"]), len(files))
        for row, files in versions
    ]
    head, *lines = table(("ID", "VERSION", "CHANNEL", "STATE", "DATE", "FILES"), rows).split("\n")
    output_lines = [head]
    for line, (_, files) in zip(lines, versions, strict=True):
        output_lines += [line, *(f"      {file['filename']}  {human_bytes(file['file_size'])}" for file in files)]
    return "\n".join(output_lines)


def _state(row: VersionRow) -> str:
    return "yanked" if row["is_yanked"] else row["state"]


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat() if seconds else "-"
