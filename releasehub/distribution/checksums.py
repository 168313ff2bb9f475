"""The file SHA256SUMS of a version, as `sha256sum -c` reads it."""

from files.models import File
from versions.models import Version

FILENAME = "SHA256SUMS"
# GNU coreutils escapes these characters, and begins the line of such a name with a backslash.
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


def checksums(version: Version) -> str:
    """Return one line for every offered file that the hub stores, sorted by name."""
    rows = File.objects.passed().filter(version=version, blob__isnull=False).select_related("blob").order_by("filename")
    return "".join(checksum_line(file.blob.sha256, file.filename) for file in rows if file.blob)


def checksum_line(sha256: str, filename: str) -> str:
    """Return the line of one file. Names that the hub accepts need no escape; older ones may."""
    escaped = filename.translate(_ESCAPES)
    mark = "\\" if escaped != filename else ""
    return f"{mark}{sha256}  {escaped}\n"
