"""`publish`: upload files and publish them as a version. After a failure, another run does the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import click

from releasehub_cli import catalog, options
from releasehub_cli.errors import CliError, Exit, HubError, conflict, usage
from releasehub_cli.http import RUN_AGAIN, Hub
from releasehub_cli.localfiles import LocalFile, find_files, read_text, sha256
from releasehub_cli.names import contradicting_version, kind_of, target_of
from releasehub_cli.output import Output
from releasehub_cli.progress import Meter, meter
from releasehub_cli.settings import Settings
from releasehub_cli.shapes import DownloadRow, FileRow, VersionRow, sha256_of
from releasehub_cli.uploads import Job, Uploader, resumable


@dataclass(frozen=True)
class Request:
    """The options of the command.

    Attributes:
        texts: The given ones of title and release_notes.
        labels: The labels of files by file name.
    """

    download: str
    number: str
    channel: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    platform: str = "auto"
    architecture: str = "auto"
    labels: dict[str, str] = field(default_factory=dict)
    is_draft: bool = False
    replaces: bool = False


@click.command()
@click.argument("words", nargs=-1, required=True, metavar=f"{options.VERSION} PATH...")
@click.option("--download", "download", default="", hidden=True)
@click.option("--version", "number", default="", hidden=True)
@click.option("--channel", default="", help="The channel. By default the hub chooses it.")
@click.option("--title", default="", help="The title. The default is the title of the download and the version.")
@click.option("--notes", default="", metavar="TEXT", help="Release notes in Markdown.")
@click.option(
    "--notes-file",
    type=click.File("rb"),
    metavar="F",
    help="Read the release notes from a file, or from stdin with -.",
)
@click.option(
    "--platform",
    default="auto",
    show_default=True,
    metavar="auto|none|NAME",
    help="The platform. By default it is read from each file name.",
)
@click.option(
    "--architecture",
    default="auto",
    show_default=True,
    metavar="auto|none|A",
    help="The architecture. By default it is read from each file name.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="[NAME=]TEXT",
    help="The label of a file on the page of the version. Repeatable.",
)
@click.option("--draft", "is_draft", is_flag=True, help="Upload the files, but do not publish the version.")
@click.option(
    "--replace", "replaces", is_flag=True, help="Replace files of the draft that differ from the local files."
)
@click.option("--strict", is_flag=True, help="Fail if a file name states a different version.")
@options.parallel
@options.retries
@options.common()
@click.pass_obj
def publish(
    settings: Settings,
    /,
    words: tuple[str, ...],
    download: str,
    number: str,
    notes: str,
    notes_file: Any,
    title: str,
    labels: tuple[str, ...],
    strict: bool,
    parallel: int,
    retries: int,
    **options_by_name: Any,
) -> None:
    """Upload files as a version and publish it.

    PATH is a file, a folder (its direct files, except hidden ones) or a pattern. The command creates a draft or uses
    the existing one, uploads the files that the draft does not have yet, and publishes the version when all files
    have passed the checks of the hub. After a failure, run the same command again.

    \b
    Example:
      releasehub publish packsmith@1.5.0 dist/* --notes-file notes.md
      releasehub publish packsmith@1.6.0-beta.1 dist --channel beta
    """
    if notes and notes_file:
        raise usage("Use either --notes or --notes-file.")
    target, paths = options.target_and_paths(words, download, number)
    files = find_files(paths)
    texts = {"title": title, "release_notes": read_text(notes_file) if notes_file else notes}
    nonempty_texts = {name: text for name, text in texts.items() if text}
    parsed_target = _parse_target(target)
    _check_names(settings.output, parsed_target.version, files, is_strict=strict)
    request = Request(
        parsed_target.download,
        parsed_target.version,
        texts=nonempty_texts,
        labels=_labels(labels, files),
        **options_by_name,
    )
    hub = settings.hub(retries=retries)
    with meter(settings.output) as bars:
        uploader = Uploader(hub, output=settings.output, meter=bars, parallel=parallel, retries=retries)
        with resumable(uploader):
            result = run(uploader, request, files, bars)
    if not request.channel and result["version"]["channel"] != "stable":
        version = result["version"]
        settings.output.note(f"The hub chose the channel {version['channel']} for {version['version_string']}.")
    settings.output.result(result, _summary(result))


def run(uploader: Uploader, request: Request, files: list[LocalFile], bars: Meter) -> dict[str, Any]:
    """Publish the files and return the result for `--json`."""
    hub = uploader.hub
    download = catalog.find_download(hub, request.download)
    digests = {file.name: sha256(file, bars) for file in files}
    rows = catalog.versions_with_number(hub, download, request.number, request.channel)
    version = catalog.one_version(rows, request.number) or _create(hub, download, request)
    remote = {row["filename"]: row for row in catalog.all_files(hub, version)}
    if version["is_published"]:
        _ensure_same(version, remote, digests)
        catalog.warn_if_yanked(uploader.output, version)
        uploader.output.note(f"Version {request.number} is already published with exactly these files: nothing to do.")
        return _result(download, version, remote, {})
    _update(hub, version, request)
    missing_files = [file for file in files if _is_missing(uploader, file, digests, remote, replaces=request.replaces)]
    order = _display_order(files)
    jobs = [
        Job(file, digests[file.name], version["version_id"], _fields(request, file, order[file.name]))
        for file in missing_files
    ]
    uploaded = uploader.send_all(jobs)
    _check(uploader, version, digests)
    if not request.is_draft:
        hub.post(f"{catalog.VERSIONS}{version['version_id']}/publish/")
    version, remote = _fresh(hub, version)
    return _result(download, version, remote, uploaded)


def _create(hub: Hub, download: DownloadRow, request: Request) -> VersionRow:
    """Create a draft, or return the one that another job has created at the same time."""
    body = {
        "download_id": download["download_id"],
        "version_string": request.number,
        "state": "draft",
        **request.texts,
        **({"channel": request.channel} if request.channel else {}),
    }
    try:
        created = hub.post(catalog.VERSIONS, body)["version"]
    except HubError as error:
        if error.exit_code != Exit.CONFLICT:
            raise
        rows = catalog.versions_with_number(hub, download, request.number, request.channel)
        if version := catalog.one_version(rows, request.number):
            return version
        raise
    return catalog.version_with_id(hub, created["version_id"])


def _update(hub: Hub, version: VersionRow, request: Request) -> None:
    """Update title and release notes of an existing draft."""
    fields = cast("dict[str, Any]", version)
    names = {"title": "display_title", "release_notes": "release_notes"}
    changes = {name: text for name, text in request.texts.items() if fields.get(names[name]) != text}
    if changes:
        hub.put(f"{catalog.VERSIONS}{version['version_id']}/", changes)


def _is_missing(
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


def _check(uploader: Uploader, version: VersionRow, digests: dict[str, str]) -> None:
    """Raise CliError unless the hub has all files with these digests, and they passed its checks."""
    remote = {row["filename"]: row for row in catalog.all_files(uploader.hub, version)}
    for name, digest in digests.items():
        if name not in remote or sha256_of(remote[name]) != digest:
            raise CliError(f"The hub does not have {name} as it was uploaded.", code="file_missing", hint=RUN_AGAIN)
        if remote[name]["validation_status"] != "passed":
            uploader.wait_until_checked(remote[name]["file_id"])
    if extra := sorted(remote.keys() - digests.keys()):
        uploader.output.note(f"The version has more files: {', '.join(extra)}")


def _ensure_same(version: VersionRow, remote: dict[str, FileRow], digests: dict[str, str]) -> None:
    """Raise CliError if the published version has different files."""
    remote_digests = {name: sha256_of(row) for name, row in remote.items()}
    if remote_digests == digests:
        return
    differs = sorted(name for name in remote_digests.keys() & digests.keys() if remote_digests[name] != digests[name])
    parts = {
        "missing": sorted(digests.keys() - remote_digests.keys()),
        "different": differs,
        "additional": sorted(remote_digests.keys() - digests.keys()),
    }
    details = "; ".join(f"{label}: {', '.join(names)}" for label, names in parts.items() if names)
    raise conflict(
        f"{version['version_string']} ({version['channel']}) is already published with different files: {details}.",
        "Publish the files as a new version. A published version never changes.",
    )


def _fresh(hub: Hub, version: VersionRow) -> tuple[VersionRow, dict[str, FileRow]]:
    version = catalog.version_with_id(hub, version["version_id"])
    return version, {row["filename"]: row for row in catalog.all_files(hub, version)}


def _parse_target(text: str) -> catalog.Target:
    """Return the download and the version number to publish.

    Raises:
        CliError: The version is a name such as `latest`.
    """
    target = catalog.Target.parse(text, needs_version=True)
    if target.version == "latest" or target.version.startswith(("latest-", "channel:")):
        raise usage(f"{target.version} is not a version number.", "Use a version number, such as packsmith@1.5.0.")
    return target


def _check_names(output: Output, number: str, files: list[LocalFile], *, is_strict: bool) -> None:
    """Warn about file names that state a different version.

    Raises:
        CliError: There is such a file name, and `--strict` is set.
    """
    wrong = [
        f"{file.name} states {stated_number}"
        for file in files
        if (stated_number := contradicting_version(file.name, number))
    ]
    if not wrong:
        return
    text = f"The version is {number}, but {'; '.join(wrong)}."
    if is_strict:
        raise CliError(text, code="version_differs", hint="Check the files and the version, or leave out --strict.")
    output.warn(text)


def _display_order(files: list[LocalFile]) -> dict[str, int]:
    """Return the position of each file: packages first, then by name, so that every run has the same order."""
    ranked = sorted(
        files, key=lambda file: (kind_of(file.name) != "package", target_of(file.name) != ("", ""), file.name)
    )
    return {file.name: place for place, file in enumerate(ranked, 1)}


def _fields(request: Request, file: LocalFile, place: int) -> dict[str, Any]:
    platform, architecture = target_of(file.name)
    return {
        "platform": _choose(request.platform, platform),
        "architecture": _choose(request.architecture, architecture),
        "kind": kind_of(file.name),
        "display_label": request.labels.get(file.name, ""),
        "display_order": place,
    }


def _choose(option: str, guessed: str) -> str:
    choice = option.strip().lower()
    return guessed if choice == "auto" else "" if choice == "none" else choice


def _labels(options: Sequence[str], files: list[LocalFile]) -> dict[str, str]:
    """Return the labels by file name.

    Raises:
        CliError: It is unclear which file a label belongs to.
    """
    names = {file.name for file in files}
    labels: dict[str, str] = {}
    for text in options:
        name, sign, label = text.partition("=")
        if sign and Path(name).name in names:
            labels[Path(name).name] = label
        elif len(files) == 1:
            labels[files[0].name] = text
        else:
            raise usage(f"--label {text!r} does not name a file.", "Write --label NAME=TEXT.")
    return labels


def _result(
    download: DownloadRow, version: VersionRow, remote: dict[str, FileRow], uploaded: dict[str, FileRow]
) -> dict[str, Any]:
    files = [
        {
            "file_id": row["file_id"],
            "filename": name,
            "size_bytes": row["file_size"],
            "sha256": sha256_of(row),
            "platform": row["platform"],
            "architecture": row["architecture"],
            "done": "uploaded" if name in uploaded else "present",
        }
        for name, row in sorted(remote.items())
    ]
    return {
        "download": {"download_id": download["download_id"], "slug": catalog.slug_of(download)},
        "version": {
            "version_id": version["version_id"],
            "version_string": version["version_string"],
            "channel": version["channel"],
            "state": version["state"],
            "url": catalog.page_of(download, version),
        },
        "files": files,
        "published": version["is_published"],
    }


def _summary(result: dict[str, Any]) -> str:
    version = result["version"]
    uploaded_count = sum(file["done"] == "uploaded" for file in result["files"])
    result_word = "Published" if result["published"] else f"Uploaded ({version['state']})"
    total = len(result["files"])
    count = f"{total} {'file' if total == 1 else 'files'}, {uploaded_count} uploaded now"
    return f"{result_word} {version['version_string']} ({version['channel']}): {count}\n{version['url']}"
