from typing import Any

from files.models import File

PREFIXES = ("/api/v3/", "/api/uploads/repos/", "/api/graphql")


def real_parameters(file: File, operation: str) -> dict[str, Any]:
    """Return the names and ids of existing rows."""
    version, download = file.version, file.version.download
    return {
        "owner": download.owner.get_username(),
        "repo": download.slug,
        "release_id": version.pk,
        "asset_id": file.pk,
        "tag": version.tag_name,
        "prefix": "v",
        "login": download.owner.get_username(),
        "digest": f"sha256:{file.sha256}",
    }
