"""`upload`: add one file to an existing version, or resume an upload."""

from __future__ import annotations

from typing import Any

import click

from releasehub_cli import options
from releasehub_cli.digests import sha256
from releasehub_cli.errors import usage
from releasehub_cli.http import Hub
from releasehub_cli.localfiles import LocalFile, local_path
from releasehub_cli.names import kind_of, target_of
from releasehub_cli.output import human_bytes
from releasehub_cli.progress import meter
from releasehub_cli.resuming import resumable
from releasehub_cli.settings import Settings
from releasehub_cli.targets import version_of
from releasehub_cli.upload_sessions import Job
from releasehub_cli.uploads import Uploader


@click.command()
@click.argument(
    "words", nargs=-1, required=True, metavar=f"[{options.VERSION}] FILE", shell_complete=options.complete_paths
)
@click.option("--version-id", default="", hidden=True)
@click.option("--resume", "upload_id", default="", metavar="ID", help="Resume this upload, from any machine.")
@click.option("--label", default="", help="The label of the file on the page of the version.")
@options.channel
@options.parallel
@options.retries
@options.common()
@click.pass_obj
def upload(
    settings: Settings,
    words: tuple[str, ...],
    version_id: str,
    upload_id: str,
    label: str,
    channel: str,
    parallel: int,
    retries: int,
) -> None:
    """Upload one file to a version, or resume an upload.

    Of an interrupted upload, only the missing parts are sent.

    \b
    Example:
      releasehub upload packsmith@1.5.0 dist/tool-linux-x64.tar.gz
      releasehub upload --resume k3v9q2 dist/tool-linux-x64.tar.gz
    """
    target, path = _target_and_path(words, version_id, upload_id)
    hub = settings.hub(retries=retries)
    file = LocalFile.at(local_path(path))
    with meter(settings.output) as bars:
        uploader = Uploader(hub, output=settings.output, meter=bars, parallel=parallel, retries=retries)
        with resumable(uploader):
            if upload_id:
                result = _resume(uploader, upload_id, file)
            else:
                job = Job(file, sha256(file, bars), _version(hub, target, channel), _fields(file.name, label))
                result = _send(uploader, job)
    text = f"Uploaded {file.name}, {human_bytes(file.size_bytes)}"
    settings.output.result(result, text)


def _send(uploader: Uploader, job: Job) -> dict[str, Any]:
    session = uploader.sessions.start(job)
    session = uploader.deliver(session, job.file, workers=uploader.parallel)
    session = uploader.wait_until_verified(session, job.session_key(uploader.hub.url))
    return _result(uploader, session)


def _resume(uploader: Uploader, upload_id: str, file: LocalFile) -> dict[str, Any]:
    session = uploader.deliver(uploader.sessions.find(upload_id, file, uploader.meter), file, workers=uploader.parallel)
    return _result(uploader, uploader.wait_until_verified(session))


def _result(uploader: Uploader, session: Any) -> dict[str, Any]:
    if session["file_id"] is not None:
        uploader.wait_until_checked(session["file_id"])
    names = ("id", "state", "version_id", "filename", "size_bytes", "sha256", "file_id")
    return {"upload": {name: session[name] for name in names}}


def _target_and_path(words: tuple[str, ...], version_id: str, upload_id: str) -> tuple[str, str]:
    """Return the version (empty with `--resume`) and the path of the file."""
    if version_id and upload_id:
        raise usage("Use either DOWNLOAD@VERSION or --resume.")
    if version_id or upload_id:
        target, paths = version_id, list(words)
    else:
        target, paths = options.target_and_paths(words, "", "")
    if len(paths) != 1:
        raise usage(
            "This command uploads exactly one file.", "To upload several files, use `releasehub publish --draft`."
        )
    return target, paths[0]


def _version(hub: Hub, text: str, channel: str) -> int | str:
    """Return the id of the version. A public id is returned unchanged."""
    if "@" in text:
        return version_of(hub, text, channel)["version_id"]
    return int(text) if text.isascii() and text.isdigit() else text


def _fields(name: str, label: str) -> dict[str, Any]:
    platform, architecture = target_of(name)
    return {"platform": platform, "architecture": architecture, "kind": kind_of(name), "display_label": label}
