"""The kinds of warnings about the content of files, each of which a category can raise to a reason to reject a file.

This list is the only one. `files/inspection` finds them; every other finding is always a reason to reject the file.
"""

from collections.abc import Iterable

from releasehub.core.errors import Invalid

# Code of the finding -> description for people.
WARNING_KINDS = {
    "archive.absolute_link": "Symbolic links with an absolute target, as in a root file system",
    "archive.bomb": "Archives that decompress to many times their size",
    "archive.device": "Device nodes, as in a root file system",
    "archive.encrypted": "Encrypted archive members, whose content cannot be checked",
    "archive.executable_prefix": "Programs that unpack themselves",
    "archive.incremental": "Incremental backups, which delete files when they are unpacked",
    "archive.memory": "Archives that need too much memory to decompress, so their content cannot be checked",
    "archive.method": "Archive members with an unknown compression method, whose content cannot be checked",
    "archive.setuid": "Programs that run with the rights of their owner (setuid, setgid)",
    "archive.similar_names": "Names that differ only in case, which overwrite each other on Windows and macOS",
    "archive.split": "Parts of a split archive, which cannot be checked as a whole",
    "archive.too_many_members": "Archives with too many members to check",
}


def clean_warning_kinds(codes: Iterable[str]) -> list[str]:
    """Return the codes sorted and without duplicates."""
    cleaned = sorted(set(codes))
    if unknown := [code for code in cleaned if code not in WARNING_KINDS]:
        message = f"Unknown warning: {', '.join(unknown)}. Use one of: {', '.join(WARNING_KINDS)}."
        raise Invalid(message, field="rejected_warnings")
    return cleaned
