"""Place and lift legal holds."""

from django.db import transaction

from downloads.models import Download, LegalHold
from downloads.policies import download_policy
from downloads.services.locking import lock_download
from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.core.models import MAX_REASON_CHARACTERS


@transaction.atomic
def place_hold(*, actor: Actor, download: Download, reason: str) -> LegalHold:
    """Forbid permanent deletions in the download until the hold is lifted. The download may be soft-deleted already.

    Raises:
        Invalid: The reason is empty.
        Conflict: The download is under a legal hold already.
    """
    download_policy.ensure("hold", actor, download)
    if not reason.strip():
        raise Invalid("A legal hold needs a reason. Enter the case or the order.", field="reason")
    download = lock_download(download.pk)
    # The owner cannot close the account at the same time, because that takes the same lock.
    list(User.objects.select_for_update(no_key=True).filter(pk=download.owner_id).values_list("pk"))
    if LegalHold.objects.filter(download=download).exists():
        raise Conflict(ErrorCode.LEGAL_HOLD, f"{download} is under a legal hold already. Lift it first to change it.")
    hold = LegalHold.objects.create(
        download=download, reason=reason.strip()[:MAX_REASON_CHARACTERS], placed_by=actor.user
    )
    audit.record(actor=actor, action=AuditAction.LEGAL_HOLD_PLACE, target=download, reason=reason)
    return hold


@transaction.atomic
def lift_hold(*, actor: Actor, download: Download, reason: str = "") -> None:
    """Lift the legal hold. The next purge deletes what was soft-deleted before the retention period.

    Raises:
        Conflict: The download is under no legal hold.
    """
    download_policy.ensure("hold", actor, download)
    download = lock_download(download.pk)
    hold = LegalHold.objects.filter(download=download).first()
    if hold is None:
        raise Conflict(ErrorCode.NOT_HELD, f"{download} is under no legal hold, so there is nothing to lift.")
    changes = {"placed_at": audit.plain(hold.placed_at), "placed_for": hold.reason}
    hold.delete()
    audit.record(actor=actor, action=AuditAction.LEGAL_HOLD_LIFT, target=download, changes=changes, reason=reason)
