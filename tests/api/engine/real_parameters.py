from typing import Any

from files.models import File

PREFIXES = (" /version",)


def real_parameters(file: File, operation: str) -> dict[str, Any]:
    """The id of a version and the digest of a file that are there."""
    return {"id": file.version.public_id, "hash": file.blob.sha512 if file.blob else ""}
