"""Tell the user how to resume interrupted uploads."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from releasehub_cli.errors import CliError
from releasehub_cli.interruption import interrupted
from releasehub_cli.retrying import Stopped
from releasehub_cli.uploads import Uploader


@contextmanager
def resumable(uploader: Uploader) -> Iterator[None]:
    """Add the commands that resume the open uploads to every error. A changed file has to be uploaded anew."""
    try:
        yield
    except (KeyboardInterrupt, Stopped) as error:
        uploader.stop.set()
        raise interrupted(error, resume_hint(uploader)) from None
    except CliError as error:
        if error.code != "file_changed":
            error.hint = "\n".join(filter(None, [error.hint, resume_hint(uploader)]))
        raise


def resume_hint(uploader: Uploader) -> str:
    lines = [
        shlex.join(["releasehub", "--url", uploader.hub.url, "upload", "--resume", upload_id, str(file.path.resolve())])
        for upload_id, file in list(uploader.sessions.open_uploads.items())
    ]
    return "\n".join(["Resume with:", *lines]) if lines else ""
