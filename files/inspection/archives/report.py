"""Findings of an archive inspection, its limits, and the report that counts against those limits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from files.inspection.findings import Finding, is_rejected, shown

MIB = 1024 * 1024
# Cost of inspecting one member. The unit is the cost of one record of an extended header.
MEMBER_STEPS = 30
# Cost of decompressing one MiB, measured with zip archives.
UNPACKED_MIB_STEPS = 1_700


@dataclass(frozen=True)
class ArchiveLimits:
    """The limits of an archive and of its inspection.

    An archive that unpacks to more than `ratio_applies_over_bytes` may be at most `max_ratio` times as large as it is
    packed. `max_steps` stops an inspection that a request is waiting for; 0 means that the inspection always runs to
    its end. `zipfile` loads the central directory as a whole, so `max_directory_bytes` limits its memory.
    """

    max_ratio: int = 50
    ratio_applies_over_bytes: int = 64 * MIB
    max_unpacked_bytes: int = 256 * 1024 * MIB
    max_members: int = 100_000
    max_directory_bytes: int = 32 * MIB
    max_name_bytes: int = 4096
    max_all_names_bytes: int = 16 * MIB
    max_extended_records: int = 500_000
    max_findings: int = 20
    max_steps: int = 0


DEFAULT_LIMITS = ArchiveLimits()
# Limits for an inspection inside a request. They amount to about one second of CPU time.
QUICK_LIMITS = ArchiveLimits(max_steps=20_000 * MEMBER_STEPS)


class ArchiveError(Exception):
    """A problem that ends the inspection, because the rest of the archive cannot be read or is not worth reading."""

    def __init__(self, code: str, message: str, member: str = "") -> None:
        super().__init__(message)
        self.finding = _finding(code, message, member)


class TooManySteps(Exception):
    """The inspection was stopped after `max_steps` steps. This says nothing about the archive itself."""


class ReportIsFull(Exception):
    """The report holds `max_findings` findings, so the inspection can stop."""


class ArchiveReport:
    """The findings of an inspection, and the counters that stop the inspection of a decompression bomb."""

    def __init__(self, limits: ArchiveLimits) -> None:
        self.limits = limits
        self.findings: list[Finding] = []
        self._members = self._name_bytes = self._records = self._steps = self._unpacked_steps = 0

    @property
    def is_rejected(self) -> bool:
        return is_rejected(self.findings)

    def add(self, code: str, message: str, member: str = "") -> None:
        """Add a finding. `{}` in the message stands for the member.

        Raises:
            ReportIsFull: There are enough reasons to reject the archive.
        """
        self._append(_finding(code, message, member))
        if sum(not finding.is_warning for finding in self.findings) >= self.limits.max_findings:
            raise ReportIsFull

    def result(self) -> list[Finding]:
        """Return the findings: the reasons to reject the archive, then one warning of each kind, then the others."""
        first = {finding.code: finding for finding in reversed(self.findings)}
        ranked = sorted(self.findings, key=lambda finding: (finding.is_warning, finding is not first[finding.code]))
        return ranked[: self.limits.max_findings]

    def count_member(self, name_bytes: int) -> None:
        """Count a member and the bytes of its name, which stay in memory."""
        self._spend(MEMBER_STEPS)
        self._members += 1
        self._name_bytes += name_bytes
        self.check_count(self._members)
        if self._name_bytes > self.limits.max_all_names_bytes:
            limit = self.limits.max_all_names_bytes
            raise ArchiveError("archive.too_many_members", f"The member names have more than {limit} bytes in total.")

    def check_count(self, members: int) -> None:
        if members > (limit := self.limits.max_members):
            raise ArchiveError("archive.too_many_members", f"The archive has more than {limit} members.")

    def count_record(self) -> None:
        self._spend(1)
        self._records += 1
        if self._records > (limit := self.limits.max_extended_records):
            raise ArchiveError("archive.too_many_members", f"The extended headers have more than {limit} records.")

    def check_sizes(self, unpacked_bytes: int, packed_bytes: int) -> None:
        """Stop at a decompression bomb: check the unpacked size, also in relation to the packed size."""
        steps = max(unpacked_bytes * UNPACKED_MIB_STEPS // MIB, self._unpacked_steps)
        self._spend(steps - self._unpacked_steps)
        self._unpacked_steps = steps
        limits, size = self.limits, f"The archive decompresses to at least {unpacked_bytes // MIB} MiB"
        if unpacked_bytes > limits.max_unpacked_bytes:
            raise ArchiveError("archive.bomb", f"{size}; the limit is {limits.max_unpacked_bytes // MIB} MiB.")
        if unpacked_bytes > limits.ratio_applies_over_bytes and unpacked_bytes > limits.max_ratio * packed_bytes:
            raise ArchiveError("archive.bomb", f"{size}, which is more than {limits.max_ratio} times its own size.")

    @contextmanager
    def continue_after_warning(self) -> Iterator[None]:
        """Record a problem that would end the inspection and go on, unless it is a reason to reject the archive."""
        try:
            yield
        except ArchiveError as error:
            if not error.finding.is_warning:
                raise
            self._append(error.finding)

    def _append(self, finding: Finding) -> None:
        # Warnings beyond the limit are dropped, because many of them must not hide a reason to reject the archive. The
        # first of each kind is kept, because a category may reject this kind only.
        is_repeated = finding.is_warning and any(finding.code == known.code for known in self.findings)
        if not is_repeated or len(self.findings) < self.limits.max_findings:
            self.findings.append(finding)

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self.limits.max_steps and self._steps > self.limits.max_steps:
            raise TooManySteps


def _finding(code: str, message: str, member: str) -> Finding:
    return Finding(code, message.replace("{}", shown(member), 1), shown(member))
