"""Check what a download holds when it changes its owner or category, or when something of it is restored.

The services of downloads call these checks through `downloads/held_limits.py`. The caller holds the lock on the
download.
"""

from collections import defaultdict

from downloads.models import Category, Download
from downloads.rules import rules_of
from files.inspection.validation import check_download_bytes, check_held_file, check_version_totals
from files.models import File
from files.quotas import Quota, download_quota, lock_quota, user_quota
from files.usage import stored_by_download, used_by_download
from releasehub.accounts.models import User
from releasehub.core.errors import ErrorCode, Rejected

_HELD_FIELDS = ("filename", "size_bytes", "blob_id", "version_id", "validation_status", "findings", "accepted_at")


def check_new_owner(download: Download, owner: User) -> None:
    """Check that what the download stores fits into the quota of the next owner.

    The message does not disclose how much of the quota is used, because the current owner may not see it.
    """
    lock_quota(owner)
    quota = user_quota(owner)
    size_bytes = stored_by_download(download.pk)
    if quota.limit and size_bytes > quota.remaining_bytes:
        message = (
            f"The files of this download have {size_bytes} bytes, which do not fit into the storage quota of the new "
            "owner. Delete files for good, or ask an administrator to enlarge that quota."
        )
        raise Rejected(ErrorCode.QUOTA_EXCEEDED, message, field="owner")


def check_new_category(download: Download, category: Category) -> None:
    """Check every file of the download, as the category checks new ones.

    Files of soft-deleted versions are checked too, because a version is restored as it was. Soft-deleted files are
    not, because each of them is checked when it is restored.

    Raises:
        Rejected: A file, a version or the download breaks a rule of the category.
        Conflict: A version has more files than the category allows.
    """
    rules = rules_of(category)
    files = File.objects.filter(version__download=download).exclude(validation_status=File.Validation.FAILED)
    sizes: dict[int, list[int]] = defaultdict(list)
    for file in files.only(*_HELD_FIELDS).order_by():
        check_held_file(rules, file)
        sizes[file.version_id].append(file.size_bytes)
    for of_version in sizes.values():
        check_version_totals(rules, file_count=len(of_version), size_bytes=sum(of_version))
    if download.quota_bytes is None:  # else its own quota holds, wherever it is
        check_download_bytes(rules, used_by_download(download.pk))


def check_restore(download: Download) -> None:
    """Check that neither the download nor its owner is over quota.

    Soft-deleted files count until they are purged, so a restoration adds no bytes. But it keeps bytes that would
    go, which must not be possible while a quota is exceeded.
    """
    _check_not_exceeded(download_quota(download))
    _check_not_exceeded(user_quota(download.owner))


def _check_not_exceeded(quota: Quota) -> None:
    if not quota.limit or quota.remaining_bytes >= 0:
        return
    message = (
        f"The storage quota of the {quota.whose} is {quota.limit} bytes and {quota.used} are used, so nothing can be "
        "restored. Delete files for good, wait until deleted ones are purged, or ask an administrator for a larger "
        "quota."
    )
    raise Rejected(ErrorCode.QUOTA_EXCEEDED, message, limit=quota.limit, used=quota.used)
