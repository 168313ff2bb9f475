"""The description of a running product, which the comparison measures."""

from dataclasses import dataclass, field

from bench.load import LoadJob
from bench.uploads import Place

LIST, DETAIL, CREATE, SMALL_DOWNLOAD = "list", "detail", "create", "download, 4 KiB"
TARGETS = (LIST, DETAIL, CREATE, SMALL_DOWNLOAD)
ROWS_OF_A_PAGE = 20
SMALL_BYTES = 4096


@dataclass(frozen=True)
class Peer:
    """A running product: its requests by target, its uploads, its large file and the processes it consists of.

    A target that the product does not have is missing from `jobs`. `processes` are the roots of process trees.
    """

    name: str
    jobs: dict[str, LoadJob]
    processes: dict[str, int]
    upload: Place | None = None
    large: LoadJob | None = None
    notes: tuple[str, ...] = field(default=())
