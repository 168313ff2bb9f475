"""The actions of staff on downloads."""

from downloads import services
from downloads.models import Download
from downloads.policies import download_policy
from releasehub.backoffice.row_actions import RowAction, deletion_actions
from releasehub.core.actor import Actor
from releasehub.core.errors import Invalid
from releasehub.core.numbers import read_number
from releasehub.publishing.deletion import delete_download


def feature(actor: Actor, row: Download, place: str) -> None:
    download_policy.ensure("feature", actor, row)
    number = read_number(place.strip()) if place.strip() else None
    if place.strip() and number is None:
        raise Invalid(f"The place {place} is not a number. Enter one from 1 on, or nothing.")
    services.feature_download(actor=actor, download=row, place=number)


HOLD_ACTIONS = (
    RowAction(
        name="hold",
        label="Place a legal hold",
        done="under a legal hold",
        run=lambda actor, row, reason: services.place_hold(actor=actor, download=row, reason=reason),
        applies=lambda row: not row.is_held,
        needs_reason=True,
        reason_use="the case or the order; shown to staff only, and kept in the audit log",
        warning=(
            "Nothing in the download can be deleted permanently until the hold is lifted: no version, file, picture, "
            "comment or review, no event and no row of the audit log. Its owner and its authors cannot close their "
            "accounts. "
            "Deletions that can be undone stay possible, but the purge skips them."
        ),
    ),
    RowAction(
        name="lift",
        label="Lift the legal hold",
        done="no longer under a legal hold",
        run=lambda actor, row, reason: services.lift_hold(actor=actor, download=row, reason=reason),
        applies=lambda row: row.is_held,
        question="hold",
        wants_reason=True,
        reason_use="kept in the audit log",
        warning="What was deleted before the retention period is deleted permanently with the next purge.",
    ),
)

DOWNLOAD_ACTIONS = (
    RowAction(
        name="approve",
        label="Approve",
        done="approved",
        run=lambda actor, row, reason: services.approve_download(actor=actor, download=row),
        applies=lambda row: row.state == "moderated" and not row.is_deleted,
    ),
    RowAction(
        name="transfer",
        label="Transfer to another owner",
        done="transferred, or offered to a person who has to accept",
        run=lambda actor, row, to: services.transfer_download(actor=actor, download=row, to=to),
        applies=lambda row: not row.is_deleted,
        asks_password=True,
        needs_reason=True,
        reason_label="New owner",
        reason_use="a user name or e-mail address",
        warning=(
            "The old owner leaves the download, and webhook endpoints that the old owner created stop. The stored "
            "files count toward the quota of the new owner. A team member becomes the owner at once; anybody else "
            "gets an invitation, unless you may see all accounts and moderate downloads."
        ),
    ),
    RowAction(
        name="feature",
        label="Feature on the front page",
        done="featured",
        run=feature,
        applies=lambda row: not row.is_deleted,
        wants_reason=True,
        reason_label="Place",
        reason_use="1 is the first; leave it empty for the last",
    ),
    RowAction(
        name="unfeature",
        label="Do not feature any more",
        done="no longer featured",
        run=lambda actor, row, reason: services.unfeature_download(actor=actor, download=row),
        applies=lambda row: row.featured_order is not None,
        question="feature",
    ),
    *HOLD_ACTIONS,
    *deletion_actions(delete_download, services.restore_download, "download"),
)
