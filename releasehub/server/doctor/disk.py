"""Free space and free inodes of the volumes that the hub writes to."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning
from django.template.defaultfilters import filesizeformat

from releasehub.server.checks import existing_parent
from releasehub.server.doctor.registry import register

MIN_FREE_SHARE = 0.1
MIN_FREE_INODES_SHARE = 0.05
MIN_TEMPORARY_BYTES = 1024**3  # ranges of files may use that much in each web process
TEMPORARY_HINT = "Set TMPDIR to a folder that the hub may write, or mount one at /tmp. Exports and ranges need it."


@register("disk")
def check_disk() -> Iterator[CheckMessage]:
    data = existing_parent(Path(settings.DATA_DIR))
    yield judge_space(data, "the data directory", settings.MIN_FREE_BYTES)
    yield from judge_inodes(data)
    try:
        temporary = Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        yield Error(f"Temporary files cannot be written. Cause: {error}", hint=TEMPORARY_HINT)
        return
    if os.stat(temporary).st_dev != os.stat(data).st_dev:
        yield judge_space(temporary, "temporary files (TMPDIR)", MIN_TEMPORARY_BYTES)


def judge_space(path: Path, purpose: str, minimum_bytes: int) -> CheckMessage:
    usage = shutil.disk_usage(path)
    text = f"{filesizeformat(usage.free)} of {filesizeformat(usage.total)} are free for {purpose} at {path}."
    if usage.free < minimum_bytes:
        return Error(text, hint=f"Free at least {filesizeformat(minimum_bytes)}; the hub refuses uploads until then.")
    if usage.free < usage.total * MIN_FREE_SHARE:
        return Warning(text, hint="Free space or enlarge the volume before it is full.")
    return Info(text)


def judge_inodes(path: Path) -> Iterator[CheckMessage]:
    """Warn if the volume has room for few more files, which no figure of free bytes shows."""
    volume = os.statvfs(path)
    if volume.f_files and volume.f_favail < volume.f_files * MIN_FREE_INODES_SHARE:
        yield Warning(
            f"The volume of {path} has room for only {volume.f_favail} more files.",
            hint="Delete files that are not needed, or move the data directory to a volume with more inodes.",
        )
