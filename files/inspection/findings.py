"""Findings: what an inspection found out about a file, and how serious it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

_MAX_SHOWN_CHARACTERS = 200
# Unusual but legitimate. Every other finding means that the content deceives an unpacker or escapes its folder.
_UNUSUAL = ("bomb", "encrypted", "method", "setuid", "similar_names", "too_many_members")
_UNUSUAL_MEMBERS = ("absolute_link", "device", "incremental")
_UNUSUAL_FORMS = ("split", "executable_prefix")
_WARNINGS = frozenset(f"archive.{code}" for code in (*_UNUSUAL, *_UNUSUAL_MEMBERS, *_UNUSUAL_FORMS))


@dataclass(frozen=True)
class Finding:
    """A problem of a file.

    Attributes:
        code: Stable identifier for programs.
        message: Description for people.
        member: Name of the archive member as `shown` returns it; empty if the problem concerns the whole file.
    """

    code: str
    message: str
    member: str = ""

    @property
    def is_warning(self) -> bool:
        """Return True if legitimate files have this problem too."""
        return self.code in _WARNINGS


def is_rejected(findings: Iterable[Finding]) -> bool:
    """Return True if any finding is a reason to refuse the file. Warnings are not."""
    return not all(finding.is_warning for finding in findings)


def as_json(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Return the findings as they are stored with a file, the reasons to refuse it first."""
    return [asdict(finding) for finding in sorted(findings, key=lambda finding: finding.is_warning)]


def from_json(rows: Iterable[dict[str, str]]) -> list[Finding]:
    """Return the findings that `as_json` has turned into rows."""
    return [Finding(**row) for row in rows]


def shown(name: str) -> str:
    """Return at most 200 printable characters of a name. Others are escaped, so that a log line stays one line."""
    limit = _MAX_SHOWN_CHARACTERS
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name[:limit])
    return text if len(text) <= limit and len(name) <= limit else f"{text[: limit - 1]}\u2026"
