"""Compare local files with the files of a version on the hub."""

from __future__ import annotations

from releasehub_cli import catalog
from releasehub_cli.errors import CliError, conflict
from releasehub_cli.localfiles import LocalFile
from releasehub_cli.network import RUN_AGAIN
from releasehub_cli.shapes import FileRow, VersionRow, sha256_of
from releasehub_cli.uploads import Uploader


def is_missing(
    uploader: Uploader, file: LocalFile, digests: dict[str, str], remote: dict[str, FileRow], *, replaces: bool
) -> bool:
    """Return whether the file must be uploaded. With `--replace`, delete a different file of the same name.

    Raises:
        CliError: The draft has a different file of the same name.
    """
    row = remote.get(file.name)
    if row is None:
        return True
    is_same = sha256_of(row) == digests[file.name]
    if is_same and row["validation_status"] != "failed":
        uploader.output.note(f"{file.name}: already uploaded")
        return False
    if not replaces:
        problem = "failed the checks of the hub" if is_same else "differs from the file on the hub"
        raise conflict(f"{file.name} {problem}.", "Replace it with --replace, or publish a different version.")
    uploader.hub.delete(f"{catalog.FILES}{row['file_id']}/", reason="replaced by releasehub publish --replace")
    return True


def check_uploaded(uploader: Uploader, version: VersionRow, digests: dict[str, str]) -> None:
    """Raise CliError unless the hub has all files with these digests, and they passed its checks."""
    remote = {row["filename"]: row for row in catalog.all_files(uploader.hub, version)}
    for name, digest in digests.items():
        if name not in remote or sha256_of(remote[name]) != digest:
            raise CliError(f"The hub does not have {name} as it was uploaded.", code="file_missing", hint=RUN_AGAIN)
        if remote[name]["validation_status"] != "passed":
            uploader.wait_until_checked(remote[name]["file_id"])
    note_more_files(uploader, remote, digests)


def note_more_files(uploader: Uploader, remote: dict[str, FileRow], digests: dict[str, str]) -> None:
    if more := sorted(remote.keys() - digests.keys()):
        uploader.output.note(f"The version has more files: {', '.join(more)}")


def ensure_published(version: VersionRow, remote: dict[str, FileRow], digests: dict[str, str]) -> None:
    """Raise CliError unless the published version has all local files. Other jobs may have added more."""
    shared = sorted(digests.keys() & remote.keys())
    parts = {
        "missing": sorted(digests.keys() - remote.keys()),
        "different": [name for name in shared if sha256_of(remote[name]) != digests[name]],
    }
    details = "; ".join(f"{label}: {', '.join(names)}" for label, names in parts.items() if names)
    if details:
        raise conflict(
            f"{version['version_string']} ({version['channel']}) is already published with different files: {details}.",
            "Publish the files as a new version. A published version never changes.",
        )
