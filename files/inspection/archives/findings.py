"""Findings of an archive inspection, its limits, and the report that counts against those limits."""

from __future__ import annotations

from dataclasses import dataclass

_SHOWN_CHARACTERS = 200
_MIB = 1024 * 1024
# Cost of inspecting one member. The unit is the cost of one record of an extended header.
STEPS_OF_A_MEMBER = 30


@dataclass(frozen=True)
class Finding:
    """A problem of an archive.

    Attributes:
        code: Stable identifier for programs.
        message: Description for people.
        member: Name of the member as `shown` returns it; empty if the problem concerns the whole archive.
    """

    code: str
    message: str
    member: str = ""


@dataclass(frozen=True)
class ArchiveLimits:
    """The limits of an archive and of its inspection.

    An archive that unpacks to more than `ratio_applies_over_bytes` may be at most `max_ratio` times as large as it is
    packed. `max_steps` stops an inspection that a request is waiting for; 0 means that the inspection always runs to
    its end.
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
    """A problem that ends the inspection, because the rest of the archive cannot be read or is not worth reading."""

    def __init__(self, code: str, message: str, member: str = "") -> None:
        super().__init__(message)
        self.finding = Finding(code, message, shown(member))


class TooManySteps(Exception):
    """The inspection was stopped after `max_steps` steps. This says nothing about the archive itself."""


class EnoughFindings(Exception):
    """The report holds `max_findings` findings, so the inspection can stop."""


class Report:
    """The findings of an inspection, and the counters that stop the inspection of a decompression bomb."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self.limits = limits
        self.findings: list[Finding] = []
        self._members = 0
        self._name_bytes = 0
        self._records = 0
        self._steps = 0

    def spend(self, steps: int) -> None:
        """Count steps of the inspection.

        Raises:
            TooManySteps: The limit of steps is exceeded.
        """
        self._steps += steps
        if self.limits.max_steps and self._steps > self.limits.max_steps:
            raise TooManySteps

    def add(self, code: str, message: str, member: str = "") -> None:
        """Add a finding.

        Raises:
            EnoughFindings: The report is full now.
        """
        self.findings.append(Finding(code, message, shown(member)))
        if len(self.findings) >= self.limits.max_findings:
            raise EnoughFindings

    def count_member(self, name_bytes: int) -> None:
        """Count a member and the bytes of its name.

        Raises:
            ArchiveError: There are too many members, or their names take too much memory.
            TooManySteps: The limit of steps is exceeded.
        """
        self.spend(STEPS_OF_A_MEMBER)
        self._members += 1
        self._name_bytes += name_bytes
        if self._members > self.limits.max_members:
            raise ArchiveError("archive.too_many_members", f"It has more than {self.limits.max_members} members.")
        if self._name_bytes > self.limits.max_all_names_bytes:
            raise ArchiveError("archive.too_many_members", "The names of its members take too much room.")

    def count_record(self) -> None:
        """Count a record of an extended header.

        Raises:
            ArchiveError: There are more records than any legitimate archive has.
            TooManySteps: The limit of steps is exceeded.
        """
        self.spend(1)
        self._records += 1
        if self._records > self.limits.max_extended_records:
            raise ArchiveError("archive.too_many_members", "Its extended headers have too many records.")

    def check_sizes(self, unpacked_bytes: int, packed_bytes: int) -> None:
        """Check the unpacked size against the absolute limit and against the size of the packed data.

        Raises:
            ArchiveError: The archive is a decompression bomb.
        """
        limits = self.limits
        if unpacked_bytes > limits.max_unpacked_bytes:
            raise ArchiveError("archive.bomb", "It unpacks to more than anyone has room for.")
        if unpacked_bytes > limits.ratio_applies_over_bytes and unpacked_bytes > limits.max_ratio * packed_bytes:
            raise ArchiveError("archive.bomb", f"It unpacks to more than {limits.max_ratio} times its size.")


def shown(name: str) -> str:
    """Return at most 200 printable characters of a name. Others are escaped, so that a log line stays one line."""
    text = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in name[:_SHOWN_CHARACTERS]
    )
    return text if len(text) <= _SHOWN_CHARACTERS and len(name) <= _SHOWN_CHARACTERS else f"{text[:199]}\u2026"
