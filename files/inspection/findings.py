"""Findings: what an inspection found out about a file, and how serious it is."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass

from downloads.warning_kinds import WARNING_KINDS

_MAX_SHOWN_CHARACTERS = 200
# Findings about the content, which a moderator can judge. The others are about links and reserved names.
_CONTENT_PREFIXES = ("archive.", "scanner.")


@dataclass(frozen=True)
class Finding:
    """A problem of a file.

    Attributes:
        member: Name of the archive member as `shown` returns it; empty if the problem concerns the whole file.
    """

    code: str
    message: str
    member: str = ""

    @property
    def is_warning(self) -> bool:
        """Return True if legitimate files have this problem too.

        Every other finding means that the content deceives an unpacker or escapes its folder.
        """
        return self.code in WARNING_KINDS

    @property
    def is_about_content(self) -> bool:
        """Return True if a moderator can let a file with this problem through."""
        return self.code.startswith(_CONTENT_PREFIXES)


def is_rejected(findings: Iterable[Finding], rejected_warnings: Collection[str] = ()) -> bool:
    """Return True if any finding is a reason to refuse the file.

    Args:
        rejected_warnings: Codes of warnings that the category of the download raises to reasons to refuse the file.
    """
    return bool(reasons_to_reject(findings, rejected_warnings))


def reasons_to_reject(findings: Iterable[Finding], rejected_warnings: Collection[str] = ()) -> list[Finding]:
    """Return the findings that are reasons to refuse the file, those that the category has raised last."""
    raised = [finding for finding in findings if not finding.is_warning or finding.code in rejected_warnings]
    return sorted(raised, key=lambda finding: finding.is_warning)


def as_json(findings: Iterable[Finding], rejected_warnings: Collection[str] = ()) -> list[dict[str, str]]:
    """Return the findings as they are stored with a file, the reasons to refuse it first."""
    ranked = sorted(findings, key=lambda finding: (finding.is_warning, finding.code not in rejected_warnings))
    return [asdict(finding) for finding in ranked]


def from_json(rows: Iterable[dict[str, str]]) -> list[Finding]:
    """Return the findings that `as_json` has turned into rows."""
    return [Finding(**row) for row in rows]


def shown(name: str) -> str:
    """Return at most 200 printable characters of a name. Others are escaped, so that a log line stays one line."""
    limit = _MAX_SHOWN_CHARACTERS
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name[:limit])
    return text if len(text) <= limit and len(name) <= limit else f"{text[: limit - 1]}\u2026"
