"""Write the feed of electron-updater's generic provider: `latest.yml` and its siblings. Pure functions.

Every text is quoted. electron-updater reads YAML 1.2 and this library writes YAML 1.1, and the two disagree on which
plain texts are numbers: `1e3` is one in the first and a text in the second.
"""

from datetime import UTC, datetime
from typing import Any

import yaml

from files.storage.digests import hex_to_base64
from releasehub.distribution.feeds.release import FeedFile, FeedNote, FeedRelease
from versions.rollout import EVERYONE

# Every client has this version or a newer one. It is offered to 0 % of them, because an app that allows downgrades
# would otherwise try to install it.
NOTHING = "0.0.0"
NOTHING_COMMENT = b"# No version with a file for this system has been published yet.\n"


def write_feed(release: FeedRelease | None, *, lists_notes: bool = False) -> bytes:
    """Return the feed that offers the release, or a feed that offers nothing.

    Args:
        lists_notes: Write the notes as a list with one entry for each version, as apps with `fullChangelog` expect it.
    """
    if release is None:
        return NOTHING_COMMENT + _dump(
            {"version": NOTHING, "files": [], "path": "", "sha512": "", "stagingPercentage": 0}
        )
    main = release.files[0]
    feed: dict[str, Any] = {
        "version": release.number,
        "files": [_file(file) for file in release.files],
        # Clients before 2018 read the main file here.
        "path": main.url,
        "sha512": hex_to_base64(main.sha512),
        "releaseName": release.title,
        "releaseNotes": _notes(release.notes, lists_notes=lists_notes),
        "releaseDate": _date(release.released_at),
    }
    if release.rollout_percent < EVERYONE:
        feed["stagingPercentage"] = release.rollout_percent
    return _dump({name: value for name, value in feed.items() if value is not None})


def _file(file: FeedFile) -> dict[str, Any]:
    entry: dict[str, Any] = {"url": file.url, "sha512": hex_to_base64(file.sha512)}
    if file.size_bytes:
        entry["size"] = file.size_bytes
    if file.block_map_bytes:
        entry["blockMapSize"] = file.block_map_bytes
    return entry


def _notes(notes: tuple[FeedNote, ...], *, lists_notes: bool) -> str | list[dict[str, str]] | None:
    if lists_notes:
        return [{"version": note.number, "note": note.text} for note in notes] or None
    return notes[0].text if notes else None


def _date(moment: datetime) -> str:
    """Return the time as JavaScript's `toISOString` writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Dumper(yaml.SafeDumper):
    """A dumper that quotes texts but not the names of fields, and writes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Name(str):
    """The name of a field, which needs no quotes."""

    __slots__ = ()


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


def _name(dumper: yaml.SafeDumper, name: _Name) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(name))


_Dumper.add_representer(str, _text)
_Dumper.add_multi_representer(str, _text)  # for subclasses, such as the safe strings of Django
_Dumper.add_representer(_Name, _name)


def _dump(feed: dict[str, Any]) -> bytes:
    # The width keeps every text on one line, as the quotes would otherwise need escapes at the ends of lines.
    document = yaml.dump(_named(feed), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    return document.encode()


def _named(value: Any) -> Any:
    if isinstance(value, dict):
        return {_Name(name): _named(item) for name, item in value.items()}
    return [_named(item) for item in value] if isinstance(value, list) else value
