"""The names in an exported tree. Pure functions; `docs/export.md` describes the tree for people.

Paths below `d/` are the permanent links of the hub, so a web server can serve them from the tree. Names that come from
the hub contain no slash and are never `.` or `..`: slugs are letters, digits, `-` and `_`, numbers start with a letter
or digit, and `files.names` refuses paths in file names.
"""

from collections.abc import Collection

from files.names import InvalidName, clean_name, fold_name

FORMAT_VERSION = 1
EXPORT_FORMAT, DOWNLOAD_FORMAT, VERSION_FORMAT = (
    "releasehub-export",
    "releasehub-export-download",
    "releasehub-export-version",
)
DOWNLOADS = "d"
EXPORT_JSON, DOWNLOAD_JSON, VERSION_JSON = "export.json", "download.json", "version.json"
INDEX_HTML, SHA256SUMS = "index.html", "SHA256SUMS"
NOTES_MD, CHANGELOG_MD = "release-notes.md", "changelog.md"
_NAMES_OF_DOWNLOAD = frozenset({DOWNLOAD_JSON, INDEX_HTML})


def version_folder(number: str, public_id: str, taken: Collection[str]) -> str:
    """Return the name of the folder of a version: its number, if that is possible.

    Two versions may share a number, and two numbers may differ in case only, which some file systems ignore. A number
    may also be the name of a file in the folder of the download. Then the public ID is added after an @, which no
    number contains.

    Args:
        taken: The names of the folders of other versions, as `fold_name` returns them.
    """
    try:
        name = clean_name(number)
    except InvalidName:
        return f"@{public_id}"
    is_free = fold_name(name) not in taken and name.lower() not in _NAMES_OF_DOWNLOAD
    return name if is_free else f"{name}@{public_id}"


def generated_name(name: str, taken: Collection[str]) -> str:
    """Return the name of a generated file of a version. A file of the version keeps its name, because links lead to it.

    Args:
        taken: The names of the files of the version, as `fold_name` returns them.
    """
    while fold_name(name) in taken:
        name = f"_{name}"
    return name
