"""The kinds of rows that can wait for a moderator, and what approving and rejecting them means.

The services of the other apps carry out both, so every rule about permissions, states and events stays theirs.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from downloads.models import Download
from downloads.services import approve_download, lock_download, update_download
from files.models import File
from files.quarantine import unquarantine_file
from releasehub.accounts.models import User
from releasehub.community.models import Comment, Report, Review
from releasehub.community.services import approve_contribution, delete_contribution
from releasehub.community.services.reports import dismiss_report, resolve_report
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.moderation.models import Kind
from releasehub.publishing.deletion import delete_file
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from versions.models import Version

Decide = Callable[[Actor, Any, str], object]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One kind of rows in the queue.

    Attributes:
        since: The field with the time since when a row waits.
        download: The field with the primary key of the download to which a row belongs.
        relations: The relations that the list and the services need with a row.
        approve: Calls the service with the actor, the row and the note.
        reject: The same for the opposite decision.
        approving: What `approve` does, as the label of its button.
        author: Returns the user who is told about the verdict. None if the called service already tells this user.
    """

    rows: Callable[[], QuerySet[Any]]
    since: str
    download: str = "download_id"
    relations: tuple[str, ...]
    approve: Decide
    reject: Decide
    approving: str = "Approve"
    rejecting: str = "Reject"
    author: Callable[[Any], User | None] | None = None

    @property
    def tells_author(self) -> bool:
        """Return whether the author gets the note, so that a rejection needs one."""
        return self.author is not None

    def claim(self, pk: int) -> Any:
        """Return a row if it still waits, with the lock on its download until the transaction ends, or None.

        The lock comes first: another moderator, or an author who withdraws the row, finishes before it is loaded.
        """
        download_id = self.rows().filter(pk=pk).values_list(self.download, flat=True).first()
        with suppress(NotFound):  # it was deleted permanently in the meantime, together with the row
            if download_id is not None:
                lock_download(download_id)
        return self.load([pk]).get(pk)

    def load(self, ids: list[int]) -> dict[int, Any]:
        """Return the rows that still wait, by primary key."""
        return {row.pk: row for row in self.rows().filter(pk__in=ids).select_related(*self.relations)}


def _contributions(model: type[Comment] | type[Review]) -> Waiting:
    return Waiting(
        rows=lambda: model.objects.alive().filter(state="moderated", download__deleted_at=None),
        since="created_at",
        relations=("download__category", "download__owner", "author"),
        approve=lambda actor, row, note: approve_contribution(actor=actor, row=row),
        reject=lambda actor, row, note: delete_contribution(actor=actor, row=row, reason=note),
        author=lambda row: row.author,
    )


def stamp_of(row: Any, files: Sequence[File] = ()) -> str:
    """Return a text that every change of the row changes, so that a moderator decides only about what was shown.

    Args:
        files: The files of a version, because a decision about a version is one about its files.
    """
    changed_at = max([row.updated_at, *(file.updated_at for file in files)])
    return f"{changed_at.isoformat()}-{len(files)}"


WAITING: Mapping[Kind, Waiting] = {
    Kind.DOWNLOAD: Waiting(
        rows=lambda: Download.objects.alive().filter(state=Download.State.MODERATED),
        since="updated_at",
        download="pk",
        relations=("category", "owner"),
        approve=lambda actor, row, note: approve_download(actor=actor, download=row),
        reject=lambda actor, row, note: update_download(actor=actor, download=row, state=Download.State.DRAFT),
        rejecting="Return to the author",
        author=lambda row: row.owner,
    ),
    Kind.VERSION: Waiting(
        rows=lambda: Version.objects.alive().filter(state=Version.State.PENDING, download__deleted_at=None),
        since="updated_at",
        relations=("download__category", "download__owner", "author"),
        approve=lambda actor, row, note: move(Move.PUBLISH, actor=actor, version=row, reason=note),
        reject=lambda actor, row, note: move(Move.UNPUBLISH, actor=actor, version=row, reason=note),
        approving="Publish",
        rejecting="Return to the author",
        author=lambda row: row.author or row.download.owner,
    ),
    Kind.FILE: Waiting(
        rows=lambda: File.objects.alive().filter(
            quarantine__isnull=False, version__deleted_at=None, version__download__deleted_at=None
        ),
        since="quarantine__created_at",
        download="version__download_id",
        relations=("quarantine__created_by", "blob", "version__download__category", "version__download__owner"),
        approve=lambda actor, row, note: unquarantine_file(actor=actor, file=row, reason=note),
        reject=lambda actor, row, note: delete_file(actor=actor, file=row, reason=note),
        approving="End quarantine",
        rejecting="Delete the file",
    ),
    Kind.COMMENT: _contributions(Comment),
    Kind.REVIEW: _contributions(Review),
    Kind.REPORT: Waiting(
        rows=Report.objects.open,
        since="created_at",
        relations=("download__category", "reporter"),
        approve=lambda actor, row, note: resolve_report(actor=actor, report=row, note=note),
        reject=lambda actor, row, note: dismiss_report(actor=actor, report=row, note=note),
        approving="Resolve: action was taken",
        rejecting="Dismiss: nothing has to change",
    ),
}
