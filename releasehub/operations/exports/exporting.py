"""Write downloads with their versions and files into a folder that any web server can serve."""

from collections.abc import Iterable, Sequence

from downloads.models import Download
from files.names import fold_name
from releasehub.core.site import site_url
from releasehub.distribution.latest import latest_version
from releasehub.operations.exports.layout import DOWNLOAD_JSON, DOWNLOADS, EXPORT_JSON, INDEX_HTML, version_folder
from releasehub.operations.exports.metadata import Metadata, download_entry, download_metadata, export_metadata
from releasehub.operations.exports.pages import download_page, downloads_page
from releasehub.operations.exports.selection import select_downloads, select_versions
from releasehub.operations.exports.tree import ExportTree, open_tree
from releasehub.operations.exports.version_writer import ExportResult, VersionWriter
from releasehub.operations.tables.export import Progress


def export_releases(
    target: str,
    *,
    slugs: Sequence[str] = (),
    is_private: bool = False,
    deletes_stale: bool = False,
    progress: Progress = lambda text: None,
) -> ExportResult:
    """Write the downloads with these slugs into a folder, or all downloads without slugs.

    Files that the folder has already with the same digest are not written again, so an interrupted export continues
    when it is started once more. Other downloads in the folder stay in it if slugs are given.

    Raises:
        OperationError: A download cannot be exported, or the folder cannot be used.
        StorageFull: The disk has no space left.
        StorageUnavailable: The storage of the hub does not respond.
    """
    downloads = select_downloads(slugs, is_private=is_private)
    with open_tree(target, is_private=is_private) as tree:
        writer = _TreeWriter(tree, is_private, progress)
        result = writer.write(downloads.iterator(), keeps_others=bool(slugs))
        if deletes_stale:
            for path in result.stale:
                tree.delete(path)
    return result


class _TreeWriter:
    """Writes one export. Metadata and pages are written after the files that they name."""

    def __init__(self, tree: ExportTree, is_private: bool, progress: Progress) -> None:
        self._tree = tree
        self._is_private = is_private
        self._progress = progress
        self._result = ExportResult()

    def write(self, downloads: Iterable[Download], *, keeps_others: bool) -> ExportResult:
        former = self._tree.read_json(EXPORT_JSON)
        if former is None:
            self._write_export([], is_complete=False)
        entries = {entry["path"]: entry for entry in former["downloads"]} if former and keeps_others else {}
        for download in downloads:
            entry = self._write_download(download)
            entries[entry["path"]] = entry
        if not keeps_others:
            self._find_stale_downloads(entries)
        self._write_export(sorted(entries.values(), key=lambda entry: entry["slug"]), is_complete=True)
        return self._result

    def _write_export(self, entries: list[Metadata], *, is_complete: bool) -> None:
        metadata = export_metadata(entries, is_private=self._is_private, is_complete=is_complete, hub_url=site_url())
        self._tree.write(INDEX_HTML, downloads_page(entries, ""))
        self._tree.write(f"{DOWNLOADS}/{INDEX_HTML}", downloads_page(entries, f"{DOWNLOADS}/"))
        self._tree.write_json(EXPORT_JSON, metadata)

    def _write_download(self, download: Download) -> Metadata:
        folder = f"{DOWNLOADS}/{download.slug}"
        writer = VersionWriter(self._tree, self._result, is_private=self._is_private, progress=self._progress)
        names = self._version_folders(download)
        versions = [
            writer.write(version, folder, names[version.pk])
            for version in select_versions(download, is_private=self._is_private).iterator()
            if version.pk in names
        ]
        latest = latest_version(download)
        self._tree.write(f"{folder}/{INDEX_HTML}", download_page(download, latest, versions))
        self._tree.write_json(f"{folder}/{DOWNLOAD_JSON}", download_metadata(download, latest, versions))
        written = writer.paths | {f"{folder}/{INDEX_HTML}", f"{folder}/{DOWNLOAD_JSON}"}
        self._result.stale += [path for path in self._tree.names(folder) if path not in written]
        self._result.downloads += 1
        return download_entry(download, f"{folder}/")

    def _version_folders(self, download: Download) -> dict[int, str]:
        """Return the names of the folders of the versions by primary key.

        If several versions share a number, the one that its permanent link leads to gets the folder of that name: that
        of the default channel, then the one that was released first.
        """
        rows = select_versions(download, is_private=self._is_private)
        keys = ("pk", "number", "public_id", "channel", "is_twin", "released_at")
        versions = sorted(
            rows.values_list(*keys), key=lambda row: (row[3] != download.default_channel, row[4], row[5], row[0])
        )
        names: dict[int, str] = {}
        taken: set[str] = set()
        for pk, number, public_id, *_ in versions:
            names[pk] = version_folder(number, public_id, taken)
            taken.add(fold_name(names[pk]))
        return names

    def _find_stale_downloads(self, entries: dict[str, Metadata]) -> None:
        for path in self._tree.names(DOWNLOADS):
            folder = "/".join(path.split("/")[:2])
            if f"{folder}/" not in entries and path != f"{DOWNLOADS}/{INDEX_HTML}":
                self._result.stale.append(path)
