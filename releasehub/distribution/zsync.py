"""Find the control file of zsync that belongs to the newest version.

An AppImage names one URL for all its later versions, so that this URL cannot contain a version number. The names of
files usually do, and the number is left out of them to compare.
"""

from string import ascii_lowercase, ascii_uppercase

from django.db.models import Q

from files.models import File
from files.names import fold_name
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.distribution.latest import offered_versions
from releasehub.distribution.permalinks import find_download
from versions.cooldown import Cooldown

ENDING = ".zsync"
MAX_TRIED = 20
_SEPARATORS = "-_. "
# Keeps the length of a text, which str.lower does not for every letter.
_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


def is_control_file(name: str) -> bool:
    return name.lower().endswith(ENDING)


def find_control_file(
    actor: Actor, slug: str, target: str, *, channel: str = "", line: str = "", cooldown: Cooldown | None = None
) -> File:
    """Return the file of the newest version that has the name `target`, with or without its version number.

    Raises:
        Moved, Gone: As `find_download`.
        NotFound: The actor may not see the download, or none of its newest versions has such a file.
    """
    download, wanted = find_download(actor, slug), fold_name(target)
    is_wanted = Q(folded_name__endswith=ENDING)
    versions = offered_versions(download, channel=channel, line=line, having=is_wanted, cooldown=cooldown)[:MAX_TRIED]
    by_id = {version.pk: version for version in versions}
    files: list[File] = list(File.objects.passed().filter(is_wanted, version__in=by_id).order_by("display_order", "id"))
    for version in by_id.values():
        version.download = download
        for file in files:
            bare_name = fold_name(without_number(file.filename, version.number))
            if file.version_id == version.pk and wanted in {file.folded_name, bare_name}:
                file.version = version
                return file
    raise NotFound


def without_number(name: str, number: str) -> str:
    """Return the name of a file without the number of its version and the separator before it, whatever their case."""
    bare, lower = number.translate(_ASCII_LOWER).removeprefix("v"), name.translate(_ASCII_LOWER)
    kept, start = "", 0
    while bare and (found := lower.find(bare, start)) >= 0:
        before, end = name[start:found], found + len(bare)
        stem = before.removesuffix("v").removesuffix("V")
        kept += stem[:-1] if _stands_alone(stem, name[end:]) else name[start:end]
        start = end
    return (kept + name[start:]).lstrip(_SEPARATORS)


def _stands_alone(before: str, after: str) -> bool:
    """Return whether a number between these texts is a whole one: 1.2 is not the number in tool-1.2.3.zip."""
    is_longer = after[:1] == "." and after[1:2].isdigit()
    return before[-1:] in _SEPARATORS and after[:1] in _SEPARATORS and after != "" and not is_longer
