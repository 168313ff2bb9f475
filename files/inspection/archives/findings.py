"""What a check of an archive says, and the limits it keeps."""

from __future__ import annotations

from dataclasses import dataclass

_SHOWN_CHARACTERS = 200
_MIB = 1024 * 1024
# What looking at a member costs, in units of what a record of an extended header costs.
STEPS_OF_A_MEMBER = 30


@dataclass(frozen=True)
class Finding:
    """`code` for machines, `message` for people, `member` as `shown` makes it; empty when it is the whole archive."""

    code: str
    message: str
    member: str = ""


@dataclass(frozen=True)
class ArchiveLimits:
    """An archive over `ratio_applies_over_bytes` unpacked may be `max_ratio` times as large as it is packed.

    `max_steps` ends an inspection whose result somebody waits for; 0: it goes on to its end.
    """

    max_ratio: int = 50
    ratio_applies_over_bytes: int = 64 * _MIB
    max_unpacked_bytes: int = 256 * 1024 * _MIB
    max_members: int = 100_000
    max_name_bytes: int = 4096
    max_all_names_bytes: int = 16 * _MIB
    max_extended_records: int = 500_000
    max_findings: int = 20
    max_steps: int = 0


DEFAULT_LIMITS = ArchiveLimits()


class ArchiveError(Exception):
    """Nothing after this can be read, or is worth reading."""

    def __init__(self, code: str, message: str, member: str = "") -> None:
        super().__init__(message)
        self.finding = Finding(code, message, shown(member))


class TooManySteps(Exception):
    """The inspection takes longer than `max_steps` allows; it said nothing about the archive."""


class EnoughFindings(Exception):
    """The report is full."""


class Report:
    """The findings so far, and the counts that stop a bomb."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self.limits = limits
        self.findings: list[Finding] = []
        self._members = 0
        self._name_bytes = 0
        self._records = 0
        self._steps = 0

    def spend(self, steps: int) -> None:
        """Errors: TooManySteps."""
        self._steps += steps
        if self.limits.max_steps and self._steps > self.limits.max_steps:
            raise TooManySteps

    def add(self, code: str, message: str, member: str = "") -> None:
        """Errors: EnoughFindings when it was the last one that fits."""
        self.findings.append(Finding(code, message, shown(member)))
        if len(self.findings) >= self.limits.max_findings:
            raise EnoughFindings

    def count_member(self, name_bytes: int) -> None:
        """Errors: ArchiveError when there are too many members, or their names take too much memory."""
        self.spend(STEPS_OF_A_MEMBER)
        self._members += 1
        self._name_bytes += name_bytes
        if self._members > self.limits.max_members:
            raise ArchiveError("archive.too_many_members", f"It has more than {self.limits.max_members} members.")
        if self._name_bytes > self.limits.max_all_names_bytes:
            raise ArchiveError("archive.too_many_members", "The names of its members take too much room.")

    def count_record(self) -> None:
        """Errors: ArchiveError when there are more records in extended headers than any honest archive has."""
        self.spend(1)
        self._records += 1
        if self._records > self.limits.max_extended_records:
            raise ArchiveError("archive.too_many_members", "Its extended headers have too many records.")

    def check_sizes(self, unpacked_bytes: int, packed_bytes: int) -> None:
        """Errors: ArchiveError for a bomb."""
        limits = self.limits
        if unpacked_bytes > limits.max_unpacked_bytes:
            raise ArchiveError("archive.bomb", "It unpacks to more than anyone has room for.")
        if unpacked_bytes > limits.ratio_applies_over_bytes and unpacked_bytes > limits.max_ratio * packed_bytes:
            raise ArchiveError("archive.bomb", f"It unpacks to more than {limits.max_ratio} times its size.")


def shown(name: str) -> str:
    """At most 200 printable characters; others are escaped, so that a log line stays one line."""
    text = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in name[:_SHOWN_CHARACTERS]
    )
    return text if len(text) <= _SHOWN_CHARACTERS and len(name) <= _SHOWN_CHARACTERS else f"{text[:199]}\u2026"
