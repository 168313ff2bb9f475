"""Remove old and interrupted backups, and the files that no remaining backup refers to."""

import re

from releasehub.operations.backups.backup_files import read_file_list
from releasehub.operations.backups.manifest import BACKUPS, complete_backups, incomplete_backups, part_name
from releasehub.operations.tables.export import Progress
from releasehub.operations.vault.vault import OBJECTS, Vault

_OBJECT = re.compile(rf"{OBJECTS}[0-9a-f]{{2}}/[0-9a-f]{{64}}")


def remove_incomplete(vault: Vault) -> None:
    """Remove interrupted backups. The files that they copied stay, so that they are not copied again."""
    vault.abort_unfinished()
    for backup_id in incomplete_backups(vault):
        _remove(vault, backup_id)


def remove_old(vault: Vault, *, keep: int, progress: Progress) -> int:
    """Remove all but the newest backups, and return how many objects were deleted with them."""
    old = complete_backups(vault)[:-keep]
    for backup_id in old:
        _remove(vault, backup_id)
        progress(f"removed backup {backup_id}")
    return _remove_unused(vault) if old else 0


def _remove(vault: Vault, backup_id: str) -> None:
    # The manifest goes first: a backup that is only partly removed is incomplete, and the next run removes the rest.
    vault.delete(part_name(backup_id, "manifest"))
    for item in list(vault.objects(f"{BACKUPS}{backup_id}/")):
        vault.delete(item.key)


def _remove_unused(vault: Vault) -> int:
    """Delete the objects that no backup refers to. Twenty bytes of each name are enough to tell them apart.

    Objects of incomplete backups are kept, too, because another machine may be making such a backup.
    """
    used: set[bytes] = set()
    begun = [one for one in incomplete_backups(vault) if vault.exists(part_name(one, "files"))]
    for backup_id in (*complete_backups(vault), *begun):
        used |= {_short(vault.object_name(entry.sha256)) for entry in read_file_list(vault, backup_id)}
    # Programs that copy or show folders leave files of their own in them, which are not objects.
    stored = [item.key for item in vault.objects(OBJECTS) if _OBJECT.fullmatch(item.key)]
    unused = [name for name in stored if _short(name) not in used]
    for name in unused:
        vault.delete(name)
    return len(unused)


def _short(name: str) -> bytes:
    return bytes.fromhex(name.rpartition("/")[2])[:20]
