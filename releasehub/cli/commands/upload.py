"""`upload`: one file into a version that exists, or the rest of an upload that stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from releasehub.cli import options
from releasehub.cli.errors import usage
from releasehub.cli.localfiles import LocalFile, sha256
from releasehub.cli.names import kind_of, target_of
from releasehub.cli.output import human_bytes
from releasehub.cli.progress import meter
from releasehub.cli.settings import Settings
from releasehub.cli.uploads import Job, Uploader, resumable


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--version-id", default="", metavar="N", help="The version that gets the file.")
@click.option("--resume", "upload_id", default="", metavar="ID", help="Go on with this upload, from any machine.")
@click.option("--label", default="", help="The file's label on the page.")
@options.parallel
@options.retries
@options.common()
@click.pass_obj
def upload(
    settings: Settings, path: Path, version_id: str, upload_id: str, label: str, parallel: int, retries: int
) -> None:
    """Send one file to a version, or the missing parts of an upload that stopped.

    \b
    Example:
      releasehub upload dist/tool-linux-x64.tar.gz --version-id 20
      releasehub upload --resume k3v9q2 dist/tool-linux-x64.tar.gz
    """
    if bool(version_id) == bool(upload_id):
        raise usage("Give either --version-id or --resume.")
    hub = settings.hub(retries=retries)
    file = LocalFile.at(path)
    with meter(settings.output) as bars:
        uploader = Uploader(hub, output=settings.output, meter=bars, parallel=parallel, retries=retries)
        with resumable(uploader):
            if upload_id:
                result = _resume(uploader, upload_id, file)
            else:
                job = Job(file, sha256(file, bars), _version(version_id), _fields(file.name, label))
                result = _send(uploader, job)
    text = f"Uploaded {file.name}, {human_bytes(file.size_bytes)}"
    settings.output.result(result, text)


def _send(uploader: Uploader, job: Job) -> dict[str, Any]:
    session = uploader.begin(job)
    session = uploader.deliver(session, job.file, workers=uploader.parallel)
    session = uploader.settle(session, job.session_key(uploader.hub.url))
    return _result(uploader, session)


def _resume(uploader: Uploader, upload_id: str, file: LocalFile) -> dict[str, Any]:
    session = uploader.deliver(uploader.adopt(upload_id, file), file, workers=uploader.parallel)
    return _result(uploader, uploader.settle(session))


def _result(uploader: Uploader, session: Any) -> dict[str, Any]:
    if session["file_id"] is not None:
        uploader.passed(session["file_id"])
    names = ("id", "state", "version_id", "filename", "size_bytes", "sha256", "file_id")
    return {"upload": {name: session[name] for name in names}}


def _version(text: str) -> int | str:
    """A number, or a public id as it is."""
    return int(text) if text.isascii() and text.isdigit() else text


def _fields(name: str, label: str) -> dict[str, Any]:
    platform, architecture = target_of(name)
    return {"platform": platform, "architecture": architecture, "kind": kind_of(name), "display_label": label}
