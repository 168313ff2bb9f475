"""The keys of the hub, which are needed to read the secrets in its database."""

import os
from pathlib import Path
from typing import TypedDict

from django.conf import settings

from releasehub.operations.backups.manifest import part_name
from releasehub.operations.vault.vault import Vault

ENVIRONMENT_FILE = "restored-keys.env"


class KeyMaterial(TypedDict):
    """All keys. Those of stored secrets, signed values and the audit chain are derived from them."""

    secret_key: str
    secret_key_fallbacks: list[str]
    audit_key: str


def current_keys() -> KeyMaterial:
    fallbacks = [str(key) for key in settings.SECRET_KEY_FALLBACKS]
    return KeyMaterial(
        secret_key=str(settings.SECRET_KEY), secret_key_fallbacks=fallbacks, audit_key=settings.AUDIT_KEY
    )


def store_keys(vault: Vault, backup_id: str) -> None:
    vault.write_json(part_name(backup_id, "keys"), current_keys())


def stored_keys(vault: Vault, backup_id: str) -> KeyMaterial:
    return vault.read_json(part_name(backup_id, "keys"))


def use_keys(keys: KeyMaterial) -> list[str]:
    """Make this process and, where possible, the data directory use the keys.

    A key that comes from the environment cannot be replaced, so it is written to a file that only its owner can read.

    Returns:
        The names of the variables that the operator has to set.
    """
    if not os.environ.get("SECRET_KEY", "").strip():
        _write_private(Path(settings.DATA_DIR) / "secret_key", keys["secret_key"])
        settings.SECRET_KEY = keys["secret_key"]
    present, wanted = _variables(current_keys()), _variables(keys)
    different = [name for name, value in wanted.items() if value != present[name]]
    if different:
        lines = "".join(f"{name}={wanted[name]}\n" for name in different)
        _write_private(Path(settings.DATA_DIR) / ENVIRONMENT_FILE, lines)
    settings.SECRET_KEY, settings.AUDIT_KEY = keys["secret_key"], keys["audit_key"]
    settings.SECRET_KEY_FALLBACKS = keys["secret_key_fallbacks"]
    return different


def _variables(keys: KeyMaterial) -> dict[str, str]:
    return {
        "SECRET_KEY": keys["secret_key"],
        "SECRET_KEY_FALLBACKS": ",".join(keys["secret_key_fallbacks"]),
        "RELEASEHUB_AUDIT_KEY": keys["audit_key"],
    }


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    unfinished.replace(path)
