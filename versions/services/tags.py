"""Tags of versions: derive the number from the tag, and check that the tag leads to no other version."""

from typing import Any

from django.db.models import Q

from downloads.models import Download
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from versions.models import PublicNumber, PublicTag, Version
from versions.numbering import sort_key_of
from versions.tags import InvalidTag, clean_tag, number_of_tag, whole_tag_number


def with_number_of_tag(download: Download, fields: dict[str, Any], version: Version | None = None) -> dict[str, Any]:
    """Return the fields with a checked tag, and with the number that follows from it unless they name a number.

    A repository with several tools has tags such as cli/v1.2 and lib/v1.2. The first one gets the number 1.2, and the
    next one, whose number is in use, gets its whole tag as its number: lib-v1.2. The caller holds the lock on the
    download.
    """
    if not fields.get("tag"):
        return fields
    try:
        tag = clean_tag(fields["tag"])
    except InvalidTag as error:
        raise Invalid(str(error), field="tag") from error
    if version is not None and tag == version.tag:
        return fields
    _check_tag_is_free(download, tag, version)
    return fields if fields.get("number") else fields | {"number": _number_for(download, tag, version)}


def _check_tag_is_free(download: Download, tag: str, version: Version | None) -> None:
    """Raise Conflict if links with this tag lead to a version other than the given one."""
    pk = version.pk if version else 0
    rows = Version.all_objects.filter(download=download).exclude(pk=pk)
    is_taken = rows.filter(tag=tag).exists()
    is_taken = is_taken or PublicTag.objects.filter(download=download, tag=tag).exclude(version=pk).exists()
    # Versions without a tag are also found by their number with a v, in any spelling.
    same_number = _same_number(download, tag)
    is_taken = is_taken or rows.filter(same_number, tag="").exists()
    # Links with a number that was public go on leading to its version, also after a renumbering or an erasure.
    is_taken = is_taken or PublicNumber.objects.filter(same_number, download=download).exclude(version=pk).exists()
    if is_taken:
        raise Conflict(
            ErrorCode.VERSION_TAG_TAKEN,
            f"The tag {tag} belongs to another version of this download. Choose another tag.",
            field="tag",
            tag=tag,
        )


def _number_for(download: Download, tag: str, version: Version | None) -> str:
    """Return the number in the tag, or the whole tag if a version with a tag of another prefix has that number."""
    number, whole = number_of_tag(tag), whole_tag_number(tag)
    others = Version.all_objects.filter(_same_number(download, number), download=download)
    if whole != number and others.exclude(pk=version.pk if version else 0).exclude(tag="").exists():
        return whole
    return number


def _same_number(download: Download, number: str) -> Q:
    key = sort_key_of(number, download.version_scheme)
    return Q(number=number) if key is None else Q(number=number) | Q(sort_key=key)
