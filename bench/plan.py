"""The number and the distribution of the rows that both databases are filled with."""

from dataclasses import dataclass

OTHERS = 200
WITH_FILE = 3
FILENAME = "tool.zip"
URL = "https://files.example.org/tool.zip"
NOTES = "Fixes and small improvements. " * 6


@dataclass
class Seeded:
    """The rows that the benchmarks refer to.

    `heavy` is the download with the most versions. `key` is an API key of its owner, and `reader_key` is one of a user
    without a role.
    """

    key: str
    reader_key: str
    heavy: int
    heavy_slug: str
    heavy_versions: int
    version: int
    number: str
    file: int
    upload_version: int
    others_first: int
    others_count: int


@dataclass
class Plan:
    """The assignment of versions to downloads. Versions are numbered from 1."""

    rows: int

    @property
    def heavy(self) -> int:
        return self.rows // 5

    @property
    def downloads(self) -> int:
        return 1 + -(-(self.rows - self.heavy) // OTHERS)

    def download_of(self, n: int) -> int:
        return 1 if n <= self.heavy else 2 + (n - self.heavy - 1) // OTHERS

    def versions_of(self, download: int) -> int:
        return self.heavy if download == 1 else min(OTHERS, self.rows - self.heavy - (download - 2) * OTHERS)
