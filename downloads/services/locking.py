"""Lock the row of a download."""

from downloads.access import lock_row
from downloads.models import Download
from releasehub.core.errors import NotFound


def lock_download(download_id: int) -> Download:
    """Return the row as it is now, locked until the transaction ends.

    Every writer that changes a download or its versions takes this lock first, so writers of one download run one after
    the other.

    Raises:
        NotFound: Another request erased the download.
    """
    download = lock_row(download_id)
    if download is None:
        raise NotFound
    return download
