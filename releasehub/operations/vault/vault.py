"""A vault: a target whose objects are encrypted with one key, which the passphrase of the operator protects.

vault.json                       the encrypted key; the only object that is readable without the passphrase
objects/ab/abcdef…               files, each stored once under a keyed digest of its content
backups/<id>/{database,files,keys}
backups/<id>/manifest            written last: a backup without it is not complete
"""

import hmac
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from files.storage.base import StoredObject
from releasehub.operations.errors import OperationError
from releasehub.operations.vault.passphrase import KEY_BYTES, lock_key, unlock_key
from releasehub.operations.vault.places import TargetPlace, open_place
from releasehub.operations.vault.streams import EncryptingWriter, decrypted_chunks, derive_key, encrypted_size

HEADER = "vault.json"
UNFINISHED_HEADER = f"staging/{HEADER}"  # what a run that is killed as it creates a vault leaves in a folder
FORMAT = 1
OBJECTS = "objects/"
MAX_HEADER_BYTES = 65_536


class Vault:
    """Encrypted objects under names."""

    def __init__(self, place: TargetPlace, key: bytes) -> None:
        self._place, self._key = place, key
        self._name_key = derive_key(key, "names")

    def object_name(self, sha256: str) -> str:
        """Return the name for a file with this digest. It does not reveal the digest to readers of the target."""
        name = hmac.digest(self._name_key, bytes.fromhex(sha256), "sha256").hex()
        return f"{OBJECTS}{name[:2]}/{name}"

    @contextmanager
    def writing(self, name: str) -> Iterator[EncryptingWriter]:
        """Yield a writer. The object exists after the block, unless the block raises an exception."""
        plain = self._place.new_writer(name)
        try:
            writer = EncryptingWriter(plain, self._key, name)
            yield writer
            writer.finish()
        except BaseException:
            plain.abort()
            raise

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of an object.

        Raises:
            OperationError: The object is missing or damaged.
        """
        if self._place.size(name) is None:
            raise OperationError(f"{name} is missing in the target. Use another backup.")
        return decrypted_chunks(self._place.open(name), self._key, name)

    def read_json(self, name: str) -> Any:
        return json.loads(b"".join(self.chunks(name)))

    def write_json(self, name: str, value: Any) -> None:
        with self.writing(name) as writer:
            writer.write(json.dumps(value, indent=1).encode())

    def has(self, name: str, size_bytes: int) -> bool:
        """Return whether the object exists and has the size of so many encrypted bytes."""
        return self._place.size(name) == encrypted_size(size_bytes)

    def exists(self, name: str) -> bool:
        return self._place.size(name) is not None

    def delete(self, name: str) -> None:
        self._place.delete(name)

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        return self._place.objects(prefix)

    def abort_unfinished(self) -> None:
        self._place.abort_unfinished()


def open_vault(target: str, passphrase: str) -> Vault:
    """Open an existing vault.

    Raises:
        OperationError: The target is not a vault, or the passphrase is another one.
    """
    place = open_place(target)
    if place.size(HEADER) is None:
        raise OperationError(f"{target} contains no backups of ReleaseHub. Check the path and its permissions.")
    return Vault(place, unlock_key(passphrase, _read_header(place, target)))


def open_or_create_vault(target: str, passphrase: str) -> Vault:
    """Open the vault in the target, or create it if the target is empty.

    Raises:
        OperationError: The target contains other data, or the passphrase is another one.
    """
    place = open_place(target)
    if place.size(HEADER) is None:
        if any(item.key != UNFINISHED_HEADER for item in place.objects("")):
            raise OperationError(f"{target} is not empty and contains no backups. Choose an empty or a new folder.")
        _create(place, passphrase)
    return open_vault(target, passphrase)


def _create(place: TargetPlace, passphrase: str) -> None:
    header = {"format": FORMAT, **lock_key(passphrase, os.urandom(KEY_BYTES))}
    writer = place.new_writer(HEADER)
    writer.write(json.dumps(header).encode())
    writer.finish()


def _read_header(place: TargetPlace, target: str) -> dict[str, Any]:
    with closing(place.open(HEADER)) as handle:
        content = handle.read(MAX_HEADER_BYTES)
    try:
        header: Any = json.loads(content)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise OperationError(f"{HEADER} in {target} is damaged. Use another target.")
    if header.get("format") != FORMAT:
        raise OperationError(f"{target} was written by a newer release of ReleaseHub. Install that release.")
    return header
