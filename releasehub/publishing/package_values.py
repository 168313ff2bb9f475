"""The values that announce a package and confirm its upload."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from versions.models import Version


@dataclass(frozen=True)
class Announcement:
    """An announced package. `source_hash` is lower-case hex.

    `is_forced` creates a version even if one with the same source exists.
    """

    number: str
    source_hash: str
    base_version: Version | None = None
    is_forced: bool = False


@dataclass(frozen=True)
class Confirmation:
    """A confirmation, with the paths that the hub issued. `lockfile_path` is empty without a lockfile."""

    storage_path: str
    number: str
    source_hash: str
    size_bytes: int
    lockfile_path: str = ""
    service_dependencies: list[str] = field(default_factory=list)
    package_manifest: Any = None
    is_active: bool = False
    is_forced: bool = False

    @property
    def digest(self) -> str:
        """A hash of all values, which tells a repeated confirmation from a different one."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
