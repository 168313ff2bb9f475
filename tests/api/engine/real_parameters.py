from typing import Any

from files.models import File

PREFIXES = (" /version",)


def real_parameters(file: File, operation: str) -> dict[str, Any]:
    """Return the id of an existing version and the checksum of an existing file."""
    return {"id": file.version.public_id, "hash": file.blob.sha512 if file.blob else ""}
