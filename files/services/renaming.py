"""Give a file another name."""

from __future__ import annotations

from typing import Any

from files.inspection.validation import check_new_name
from files.kinds import kind_of
from files.models import File
from files.names import clean_name, fold_name
from files.public_names import Identity
from files.services.preconditions import check_name, check_not_sealed, rules_for


def name_fields(file: File, filename: str) -> dict[str, Any]:
    """Return the fields of a file that change with its name. The caller holds the lock on the file.

    A name that was public stays reserved for the bytes that it stood for.

    Raises:
        Conflict: The version is sealed, or the name belongs to another file.
        Invalid: The name is not acceptable.
        Rejected: The category does not allow the file extension, or the content was not checked for it.
    """
    name = clean_name(filename)
    if name == file.filename:
        return {}
    check_not_sealed(file.version)
    check_name(file.version, name, Identity.of(file), replaces=file)
    check_new_name(file, name, rules_for(file.version))
    return {"filename": name, "folded_name": fold_name(name), "kind": kind_of(name)}
