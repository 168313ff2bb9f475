"""The tree of archive members, which shows conflicts between them and links that leave the archive."""

from files.inspection.archives.names import CONTROLS, DOTS, DRIVE, check_name, fold_part, parts_of
from files.inspection.archives.report import ArchiveError, ArchiveReport


class MemberTree:
    """The tree of all members.

    A node is a hash over its parent's hash and its own name, so a deep path takes no more memory than a short one. The
    hashes of strings are salted in every process, so an attacker cannot prepare collisions. With `ignore_case`, names
    that differ only in case are the same node, because on some systems they become one file.

    A symbolic link with an absolute target is a warning, as long as no system writes through it. Where names are equal
    but for case, that is known only with `ignore_case`, or if the members are added in their order (`is_in_order`).
    """

    def __init__(self, report: ArchiveReport, *, ignore_case: bool, is_in_order: bool) -> None:
        self._report = report
        self._ignore_case = ignore_case
        self._allows_absolute_links = ignore_case or is_in_order
        self._has_absolute_link = False
        self._similar: set[int] = set()  # the nodes of names that differ only in case
        self._files: dict[int, int] = {}  # the node of each file, with a hash of its exact name
        self._folders: set[int] = set()
        self._links: dict[int, list[tuple[str, str]]] = {}  # the name and the target of each symbolic link

    def add_folder(self, name: str) -> None:
        nodes = self._nodes(name)
        if nodes and nodes[-1] in self._files:
            self._report.add("archive.duplicate", "Archive member {} is a folder and a file.", name)
        self._add_folders(nodes, name)

    def add_file(self, name: str) -> None:
        nodes, exact = self._nodes(name), hash(tuple(parts_of(name)))
        if not nodes:
            self._report.add("archive.name_empty", "The name of archive member {} is that of the top folder.", name)
            return
        self._add_folders(nodes[:-1], name)
        if (other := self._files.setdefault(nodes[-1], 0)) == exact:
            self._report.add("archive.duplicate", "The archive has two members with the name {}.", name)
        elif other:
            self._similar.add(nodes[-1])
            self._report.add("archive.similar_names", "On some systems, {} and another member are one file.", name)
        elif nodes[-1] in self._folders:
            self._report.add("archive.duplicate", "Archive member {} is a folder and a file.", name)
        self._files[nodes[-1]] = exact

    def add_symlink(self, name: str, target: str) -> None:
        self.add_file(name)
        self._remember_link(name, target)

    def add_unreadable_symlink(self, name: str) -> None:
        """Add a link whose target is encrypted. It may lead anywhere, so nothing may be written through it."""
        self.add_file(name)
        self._links.setdefault(_folded_nodes(name)[-1], [])
        self._has_absolute_link = True
        if not self._allows_absolute_links:
            self._report.add("archive.link_outside", "The target of symbolic link {} is encrypted.", name)

    def add_hardlink(self, name: str, target: str) -> None:
        """Add a hard link. Its target is a path from the top of the archive and has to be an earlier member."""
        if not check_name(self._report, target):
            return
        if not (nodes := self._nodes(target)) or nodes[-1] not in self._files:
            self._report.add("archive.link_outside", "The target of hard link {} is not an earlier member.", name)
        # A hard link to a symbolic link is another symbolic link. Its target is relative to its own folder.
        for _, symlink_target in list(self._links.get(_folded_nodes(target)[-1], ())):
            self._remember_link(name, symlink_target)
        self.add_file(name)

    def check_links(self) -> None:
        """Check all symbolic links. Call it after the last member, because a link may depend on a later one."""
        if self._has_absolute_link and not self._similar.isdisjoint(self._links):
            self._report.add("archive.through_link", "On some systems, a member is written through a symbolic link.")
        for name, target in [link for links in self._links.values() for link in links]:
            if CONTROLS.search(target) or not target:
                self._report.add("archive.control_characters", "The target of symbolic link {} is not a path.", name)
            elif self._leaves_archive(name, target.replace("\\", "/")) or target.startswith("\\"):
                self._report.add("archive.link_outside", "Symbolic link {} leads out of the archive.", name)
            elif target.startswith("/"):
                self._report.add("archive.absolute_link", "The target of symbolic link {} is an absolute path.", name)

    def _remember_link(self, name: str, target: str) -> None:
        self._report.count_member(len(target))
        self._links.setdefault(_folded_nodes(name)[-1], []).append((name, target))
        self._has_absolute_link = self._has_absolute_link or target.startswith("/")

    def _leaves_archive(self, name: str, target: str) -> bool:
        """Follow a link as an operating system would, and return True if it may lead out of the archive.

        `..` is accepted in plain folders only. Behind another link it goes up from the target of that link. If a
        parent of the link itself is a link, every target is uncertain.
        """
        folders = _folded_nodes(name)[:-1] or [0]
        if DRIVE.match(target) or not self._links.keys().isdisjoint(folders):
            return True
        if target.startswith("/"):
            return not self._allows_absolute_links or target.startswith("//")
        through_link = False
        for part in parts_of(target):
            if DOTS.match(part):
                folders.pop()
                if through_link or not folders:
                    return True
            else:
                folders.append(hash((folders[-1], fold_part(part))))
                through_link = through_link or folders[-1] in self._links
        return False

    def _add_folders(self, nodes: list[int], name: str) -> None:
        if not self._files.keys().isdisjoint(nodes):
            self._report.add(
                "archive.through_link", "Archive member {} lies below a member that is not a folder.", name
            )
        elif (
            self._has_absolute_link and not self._ignore_case and not self._links.keys().isdisjoint(_folded_nodes(name))
        ):
            self._report.add("archive.through_link", "On some systems, {} is written through a symbolic link.", name)
        self._folders.update(nodes)
        if len(self._folders) > (limit := 4 * self._report.limits.max_members):
            raise ArchiveError("archive.too_many_members", f"The archive has more than {limit} folders.")

    def _nodes(self, name: str) -> list[int]:
        return _folded_nodes(name)[1:] if self._ignore_case else _chain(parts_of(name))[1:]


def _folded_nodes(name: str) -> list[int]:
    """Return the nodes of the top folder, of every folder on the way, and of the name itself.

    Case is always ignored here: links are compared as strictly as possible.
    """
    return _chain([fold_part(part) for part in parts_of(name)])


def _chain(parts: list[str]) -> list[int]:
    nodes = [0]
    for part in parts:
        nodes.append(hash((nodes[-1], part)))
    return nodes
