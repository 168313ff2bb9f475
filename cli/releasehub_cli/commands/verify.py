"""`verify`: compare local files with the digests of the hub."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from releasehub_cli import catalog, options
from releasehub_cli.digests import read_sums, sha256
from releasehub_cli.errors import CliError, Exit, usage
from releasehub_cli.localfiles import LocalFile, local_path
from releasehub_cli.minimum_age import MinimumAge
from releasehub_cli.progress import meter
from releasehub_cli.settings import Settings
from releasehub_cli.shapes import sha256_of
from releasehub_cli.targets import version_of


@click.command()
@click.argument(
    "words", nargs=-1, required=True, metavar=f"{options.VERSION} FILE...", shell_complete=options.complete_paths
)
@click.option("--download", default="", hidden=True)
@click.option("--version", "number", default="", hidden=True)
@click.option(
    "--sums",
    default="",
    metavar="SHA256SUMS",
    shell_complete=options.complete_paths,
    help="Read the digests from a file instead of the hub, or from stdin with -.",
)
@options.min_age
@options.channel
@options.common()
@click.pass_obj
def verify(
    settings: Settings,
    words: tuple[str, ...],
    download: str,
    number: str,
    sums: str,
    minimum_age: MinimumAge,
    channel: str,
) -> None:
    """Compare files with their digests. The exit code is 4 if one differs, and 6 if one is unknown.

    \b
    Example:
      releasehub verify packsmith@1.5.0 dist/*
      releasehub verify tool.tar.gz --sums SHA256SUMS
    """
    if sums and (download or number):
        raise usage("Use either DOWNLOAD@VERSION or --sums.")
    target, names = ("", words) if sums else options.target_and_paths(words, download, number)
    paths = [local_path(name) for name in names]
    sums_by_name = _sums(sums) if sums else _from_hub(settings, target, channel, minimum_age)
    with meter(settings.output) as bars:
        results = [_compare(LocalFile.at(path), sums_by_name, sha256(LocalFile.at(path), bars)) for path in paths]
    if any(result["status"] != "ok" for result in results):
        raise _failure(results)
    text = "\n".join(f"{result['filename']}: OK" for result in results)
    settings.output.result({"files": results}, text)


def _compare(file: LocalFile, sums_by_name: dict[str, str], actual: str) -> dict[str, Any]:
    expected_digest = sums_by_name.get(file.name)
    status = "unknown" if not expected_digest else "ok" if expected_digest == actual else "differs"
    return {"filename": file.name, "status": status, "sha256": actual, "expected": expected_digest or None}


def _failure(results: list[dict[str, Any]]) -> CliError:
    """Return the error for files that differ or are unknown. A different digest determines the exit code."""
    differs = [result["filename"] for result in results if result["status"] == "differs"]
    unknown = [result["filename"] for result in results if result["status"] == "unknown"]
    parts = [f"{name}: the digest differs." for name in differs] + [
        f"{name}: the digest is unknown." for name in unknown
    ]
    exit_code, code = (Exit.DIGEST, "digest_differs") if differs else (Exit.NOT_FOUND, "not_found")
    hint = (
        "Do not use files with a different digest. Download them again." if differs else "Check file name and version."
    )
    return CliError(" ".join(parts), code=code, exit_code=exit_code, hint=hint)


def _sums(name: str) -> dict[str, str]:
    return read_sums(sys.stdin.read() if name == "-" else Path(name).read_text("utf-8"))


def _from_hub(settings: Settings, target: str, channel: str, minimum_age: MinimumAge) -> dict[str, str]:
    """Return the SHA-256 of each file of the version that the hub stores."""
    hub = settings.hub(needs_key=False)
    version = version_of(hub, target, channel, minimum_age)
    catalog.warn_if_yanked(settings.output, version)
    return {file["filename"]: sha256_of(file) for file in catalog.all_files(hub, version) if sha256_of(file)}
