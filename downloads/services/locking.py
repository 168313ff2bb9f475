"""Lock the row of a download, alone or with a row that belongs to it."""

from typing import Any, TypeVar

from downloads.access import lock_row
from downloads.models import Download
from releasehub.core.errors import NotFound
from releasehub.core.models import SoftDeleteModel
from releasehub.core.querysets import first_or_not_found

Row = TypeVar("Row", bound=SoftDeleteModel)


def lock_download(download_id: int, *, for_erasure: bool = False) -> Download:
    """Return the row as it is now, locked until the transaction ends.

    Every writer that changes a download or its versions takes this lock first, so writers of one download run one after
    the other. The lock `for_erasure` also keeps others from inserting rows that refer to the download.

    Raises:
        NotFound: Another request erased the download.
    """
    download = lock_row(download_id, for_erasure=for_erasure)
    if download is None:
        raise NotFound
    return download


def lock_downloads(download_ids: Any) -> None:
    """Lock several rows, deleted ones included, as `lock_download` does. `download_ids` are values or a subquery.

    All callers lock them in the order of their ids, so that two of them never wait for each other in a circle.
    """
    rows = Download.all_objects.select_for_update(no_key=True).filter(pk__in=download_ids).order_by("pk")
    list(rows.values_list("pk"))


def lock_with_download(row: Row) -> Row:
    """Return a version, comment or review as it is now, with its download, both locked until the transaction ends.

    Raises:
        NotFound: Another request erased the row or its download.
    """
    model: Any = type(row)
    # The download comes first: its lock serializes all writers of one download, and the counts are stored on it.
    download = lock_download(row.download_id)  # type: ignore[attr-defined]
    # `of=("self",)` keeps PostgreSQL from locking the joined row of the author, too.
    rows = model.all_objects.select_for_update(of=("self",)).select_related("author")
    locked: Row = first_or_not_found(rows.filter(pk=row.pk).order_by())
    locked.download = download  # type: ignore[attr-defined]
    return locked
