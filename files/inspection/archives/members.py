"""Rules for the names and links of archive members, and the tree of members that shows conflicts between them.

An archive is unpacked on systems the hub does not know. A name is accepted only if it is harmless on all of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from files.inspection.archives.findings import ArchiveError, Report

_MAX_ESCAPE_LEVELS = 3

# Control characters, line separators, and the marks that change the direction of text and so disguise an extension.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
# A drive letter. Two colons do not count: `B::Deparse.3pm` is the manual page of a Perl module.
_DRIVE = re.compile(r"[A-Za-z]:(?!:)")
# Windows drops dots and spaces at the end of a name, so a part of dots and spaces can become `..`, also in front of an
# NTFS stream. A single dot does no harm.
_DOTS = re.compile(r"(?:\A|/)(?!\.(?:[:/]|\Z))[. ]+(?:[:/]|\Z)")
_LONG_PART = re.compile(r"[^/\\]{256}")
_NTFS_STREAM = re.compile(r":\$[A-Za-z0-9_]+(?:$|[/\\])")
_U_ESCAPE = re.compile(r"%u00([0-9a-fA-F]{2})")
# Characters similar to a slash that NFKC does not change, but that some systems convert to a plain slash.
_SLASHES = str.maketrans(dict.fromkeys("\u2041\u2044\u2215\u2216\u2571\u2572\u27cb\u27cd\u29f5\u29f8\u29f9", "/"))
# Overlong UTF-8 sequences of `.`, `/` and `\\`. They are invalid, but careless decoders accept them.
_OVERLONG = {
    b".": re.compile(rb"\xc0[\xae\x2e]|\xe0\x80\xae|\xf0\x80\x80\xae"),
    b"/": re.compile(rb"\xc0[\xaf\x2f]|\xe0\x80\xaf|\xf0\x80\x80\xaf"),
    b"\\": re.compile(rb"\xc1\x9c|\xe0\x81\x9c|\xf0\x80\x81\x9c"),
}


def readings(raw: bytes) -> list[str]:
    """Return the name decoded from UTF-8.

    If it is not valid UTF-8, return it decoded from code page 437, and as a careless UTF-8 decoder would read it.
    """
    try:
        return [raw.decode()]
    except UnicodeDecodeError:
        plain = raw
        for char, overlong in _OVERLONG.items():
            plain = overlong.sub(lambda _, char=char: char, plain)  # type: ignore[misc]
        return [raw.decode("cp437"), plain.decode("cp437")]


def check_name(report: Report, name: str) -> bool:
    """Return True if the name is a path inside the archive under every spelling; otherwise report a finding."""
    problem = _length_problem(name, report.limits.max_name_bytes) or _text_problem(name)
    for spelling in _spellings(name):
        problem = problem or _place_problem(spelling)
    if problem:
        report.add(*problem, member=name)
    return problem is None


def parts_of(path: str) -> list[str]:
    """Split a path into its parts: `./a//b\\c/` becomes a, b, c."""
    return [part for part in path.replace("\\", "/").split("/") if part not in {"", "."}]


def _length_problem(name: str, max_bytes: int) -> tuple[str, str] | None:
    is_long = _LONG_PART.search(name) if name.isascii() else any(_byte_count(part) > 255 for part in parts_of(name))
    if is_long or _byte_count(name) > max_bytes:
        return "archive.name_too_long", "The member's name is too long to unpack."
    return None


def _byte_count(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _text_problem(name: str) -> tuple[str, str] | None:
    if not name:
        return "archive.name_empty", "A member has no name."
    if _CONTROLS.search(name):
        return "archive.control_characters", "The member's name has control characters."
    if _NTFS_STREAM.search(name):
        return "archive.absolute", "The member's name means a hidden stream on Windows."
    return None


def _spellings(name: str) -> Iterator[str]:
    """Yield the name, then the names that systems which normalize Unicode or decode escapes make of it."""
    text = name
    for _ in range(_MAX_ESCAPE_LEVELS):
        yield text
        if not text.isascii():
            yield unicodedata.normalize("NFKC", text).translate(_SLASHES)
        if "%" not in text:
            return
        # The last reading is the one of the careless decoder, which is the most dangerous one.
        text = readings(unquote_to_bytes(_U_ESCAPE.sub(r"%\1", text)))[-1]
    yield text


def _place_problem(path: str) -> tuple[str, str] | None:
    plain = _CONTROLS.sub("", path).replace("\\", "/")
    if plain.startswith("/"):
        return "archive.absolute", "The member's name is an absolute path."
    if _DOTS.search(plain):
        return "archive.traversal", "The member's name leads out of the archive (..)."
    first = next(iter(parts_of(plain)), "")
    if _DRIVE.match(first):
        return "archive.absolute", "The member's name starts with a drive."
    if first == "~":
        return "archive.absolute", "The member's name leads to a home folder (~)."
    return None


def fold_part(part: str) -> str:
    """Return a key that is equal for names which are the same file on some system.

    Such systems ignore case, Unicode composition, or dots and spaces at the end of a name.
    """
    if part.isascii():
        return part.lower().rstrip(". ")
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", part).casefold()).rstrip(". ")


@dataclass(frozen=True, slots=True)
class _Link:
    """A symbolic link: the name of the member and the path that it points to."""

    member: str
    target: str


class Tree:
    """The tree of all members, which finds duplicates, members below a file, and links that leave the archive.

    A node is a hash over its parent's hash and its own name, so a deep path takes no more memory than a short one. The
    hashes of strings are salted in every process, so an attacker cannot prepare collisions.
    """

    def __init__(self, report: Report, *, ignore_case: bool) -> None:
        self._report = report
        self._ignore_case = ignore_case
        self._leaves: set[int] = set()
        self._folders: set[int] = set()
        self._links: dict[int, list[_Link]] = {}

    def add_folder(self, name: str) -> None:
        nodes = self._nodes(parts_of(name))
        if nodes and nodes[-1] in self._leaves:
            self._report.add("archive.duplicate", "The member is a folder and a file.", name)
        self._add_folders(nodes, name)

    def add_file(self, name: str) -> None:
        nodes = self._nodes(parts_of(name))
        if not nodes:
            self._report.add("archive.name_empty", "The member's name is that of the top folder.", name)
            return
        self._add_folders(nodes[:-1], name)
        if nodes[-1] in self._leaves:
            self._report.add("archive.duplicate", "Two members have the same name.", name)
        elif nodes[-1] in self._folders:
            self._report.add("archive.duplicate", "The member is a folder and a file.", name)
        self._leaves.add(nodes[-1])

    def add_symlink(self, name: str, target: str) -> None:
        self.add_file(name)
        self._remember_link(name, target)

    def add_hardlink(self, name: str, target: str) -> None:
        """Add a hard link. Its target is a path from the top of the archive and has to be an earlier member."""
        if not check_name(self._report, target):
            return
        nodes = self._nodes(parts_of(target))
        if not nodes or nodes[-1] not in self._leaves:
            self._report.add("archive.link_outside", "The hard link has no target before it in the archive.", name)
        # A hard link to a symbolic link is another symbolic link. Its target is relative to its own folder.
        for link in list(self._links.get(self._folded_node(target), ())):
            self._remember_link(name, link.target)
        self.add_file(name)

    def check_links(self) -> None:
        """Check all symbolic links. Call it after the last member, because a link may depend on a later one."""
        for links in list(self._links.values()):
            for link in links:
                if _CONTROLS.search(link.target) or not link.target:
                    self._report.add("archive.control_characters", "The link's target is no path.", link.member)
                elif self._leaves_archive(link):
                    self._report.add("archive.link_outside", "The link leads out of the archive.", link.member)

    def _remember_link(self, name: str, target: str) -> None:
        self._report.count_member(len(target))
        self._links.setdefault(self._folded_node(name), []).append(_Link(name, target))

    def _leaves_archive(self, link: _Link) -> bool:
        """Return True if the link may lead out of the archive.

        `..` is accepted in plain folders only. Behind another link it goes up from the target of that link.
        """
        target = link.target.replace("\\", "/")
        if target.startswith("/") or _DRIVE.match(target):
            return True
        # First follow the path to the link itself. Its own parent may be a link, which makes every target uncertain.
        folders, through_link = [0], False
        for part in map(fold_part, parts_of(link.member)[:-1]):
            folders.append(hash((folders[-1], part)))
            through_link = through_link or folders[-1] in self._links
        if through_link:
            return True
        # Then follow the target from there, one part at a time, as the operating system would.
        for part in parts_of(target):
            if _DOTS.match(part):
                folders.pop()
                if through_link or not folders:
                    return True
            else:
                folders.append(hash((folders[-1], fold_part(part))))
                through_link = through_link or folders[-1] in self._links
        return False

    def _add_folders(self, nodes: list[int], name: str) -> None:
        if not self._leaves.isdisjoint(nodes):
            self._report.add("archive.through_link", "The member lies below another one that is no folder.", name)
        self._folders.update(nodes)
        if len(self._folders) > 4 * self._report.limits.max_members:
            raise ArchiveError("archive.too_many_members", "It has too many folders.")

    def _nodes(self, parts: list[str]) -> list[int]:
        node, nodes = 0, []
        for part in map(fold_part, parts) if self._ignore_case else parts:
            node = hash((node, part))
            nodes.append(node)
        return nodes

    def _folded_node(self, name: str) -> int:
        """Return the node of a name, always without regard to case: links are compared as strictly as possible."""
        node = 0
        for part in map(fold_part, parts_of(name)):
            node = hash((node, part))
        return node
