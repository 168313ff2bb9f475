"""Write one version of an export: its files, digests, notes, metadata and page."""

from dataclasses import dataclass, field

from files.models import Blob, File
from files.names import fold_name
from releasehub.distribution.checksums import checksum_line
from releasehub.operations.exports.layout import (
    CHANGELOG_MD,
    INDEX_HTML,
    NOTES_MD,
    SHA256SUMS,
    VERSION_JSON,
    generated_name,
)
from releasehub.operations.exports.metadata import Metadata, file_metadata, version_entry, version_metadata
from releasehub.operations.exports.pages import version_page
from releasehub.operations.exports.selection import select_files
from releasehub.operations.exports.tree import BlobUnusable, ExportTree
from releasehub.operations.tables.export import Progress
from versions.models import Version


@dataclass
class ExportResult:
    """The counts of an export, and what it could not do.

    Attributes:
        downloads: The number of downloads, and so on for `versions` and `files`.
        copied: The number of files that the folder did not have yet.
        faults: The files that could not be exported, each with the reason.
        stale: The paths of files in the folder that do not belong to the export any longer.
    """

    downloads: int = 0
    versions: int = 0
    files: int = 0
    file_bytes: int = 0
    copied: int = 0
    faults: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)


class VersionWriter:
    """Writes the versions of one download, and remembers the paths that it has written."""

    def __init__(self, tree: ExportTree, result: ExportResult, *, is_private: bool, progress: Progress) -> None:
        self.paths: set[str] = set()
        self._tree = tree
        self._result = result
        self._is_private = is_private
        self._progress = progress

    def write(self, version: Version, folder: str, name: str) -> Metadata:
        """Write a version into a folder of this name, and return its entry in the metadata of the download."""
        place = f"{folder}/{name}"
        files = self._copy_files(version, place)
        taken = {fold_name(file.filename) for file in files}
        checksums = "".join(checksum_line(file.sha256, file.filename) for file in files if file.blob)
        # An uploaded file of this name replaces the generated one, as it does behind the permanent link.
        has_own_checksums = fold_name(SHA256SUMS) in taken
        names = {
            "notes": self._write_text(place, NOTES_MD, version.release_notes, taken),
            "changelog": self._write_text(place, CHANGELOG_MD, version.changelog, taken),
            "checksums": None if has_own_checksums else self._write_text(place, SHA256SUMS, checksums, taken),
        }
        entries = [file_metadata(file) for file in files]
        metadata_name = generated_name(VERSION_JSON, taken)
        self._tree.write_json(self._path(place, metadata_name), version_metadata(version, entries, names))
        if fold_name(INDEX_HTML) not in taken:
            self._tree.write(self._path(place, INDEX_HTML), version_page(version, entries, names))
        self._result.versions += 1
        return version_entry(version, name, metadata_name)

    def _copy_files(self, version: Version, place: str) -> list[File]:
        """Copy the stored files, and return all files but those whose bytes the hub has lost."""
        files = []
        for file in select_files(version, is_private=self._is_private).order_by("filename").iterator():
            file.version = version
            path = self._path(place, file.filename)
            if file.blob is None or self._copy_blob(path, file.blob):
                files.append(file)
        return files

    def _copy_blob(self, path: str, blob: Blob) -> bool:
        try:
            self._result.copied += self._tree.copy_blob(path, blob)
        except BlobUnusable as problem:
            self._result.faults.append(f"{path}: {problem}")
            return False
        self._result.files += 1
        self._result.file_bytes += blob.size_bytes
        self._progress(f"{self._result.files} files, {self._result.copied} of them new: {path}")
        return True

    def _write_text(self, place: str, usual_name: str, text: str, taken: set[str]) -> str | None:
        """Write a text into a generated file, and return its name. An empty text has no file."""
        if not text:
            return None
        name = generated_name(usual_name, taken)
        self._tree.write(self._path(place, name), text.encode())
        return name

    def _path(self, place: str, name: str) -> str:
        path = f"{place}/{name}"
        self.paths.add(path)
        return path
