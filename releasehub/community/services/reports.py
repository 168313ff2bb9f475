"""Report something to the moderators, and close such a report."""

from django.db import transaction
from django.utils import timezone

from downloads.models import Download
from downloads.services import lock_download
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.community.models import Report
from releasehub.community.models.reports import MAX_LABEL_CHARACTERS, MAX_NOTE_CHARACTERS
from releasehub.community.report_limits import clean_report, count_reporting, reporter_key
from releasehub.community.report_mail import queue_outcome
from releasehub.community.report_policy import POLICIES, Reportable, report_policy
from releasehub.core.actor import Actor
from releasehub.core.clean import strip_controls
from releasehub.core.errors import Conflict, ErrorCode, Invalid, NotFound
from releasehub.core.querysets import first_or_not_found
from versions.models import Version

MODELS: dict[str, type[Reportable]] = {model._meta.model_name or "": model for model in POLICIES}


def find_reportable(kind: str, public_id: str) -> Reportable:
    """Return what a visitor wants to report. The service decides whether the visitor sees it."""
    model = MODELS.get(kind)
    if model is None:
        raise NotFound
    path = "category" if model is Download else "download__category"
    return first_or_not_found(model.all_objects.select_related(path).filter(public_id=public_id))


def create_report(*, actor: Actor, target: Reportable, reason: str, text: str) -> Report:
    """Report the target to the moderators.

    Raises:
        Denied: The hub accepts no reports of anonymous visitors.
        Invalid: The reason does not exist, or the text is empty or too long.
        Conflict: An earlier report of the actor about the target is still open.
        TooMany: The actor, or all visitors together, sent too many reports in this hour.
    """
    report_policy.ensure_report(actor, target)
    if reason not in Report.Reason.values:
        raise Invalid(f"Use one of these reasons: {', '.join(Report.Reason.values)}.", field="reason")
    text, download = clean_report(text), download_of(target)
    count_reporting(actor, download)
    with transaction.atomic():
        lock_download(download.pk)
        target = find_reportable(target._meta.model_name or "", target.public_id)  # as it is now
        report_policy.ensure_report(actor, target)
        report = _new_report(actor, target)
        report.reason, report.text = reason, text
        _ensure_first(report)
        report.save()
        audit.record(actor=actor, action=AuditAction.REPORT_CREATE, target=report, changes={"reason": reason})
    return report


def resolve_report(*, actor: Actor, report: Report, note: str = "") -> Report:
    """Close a report on which a moderator acted. See `_close`."""
    return _close(actor, report, Report.State.RESOLVED, note)


def dismiss_report(*, actor: Actor, report: Report, note: str = "") -> Report:
    """Close a report that needs no action. See `_close`."""
    return _close(actor, report, Report.State.DISMISSED, note)


def download_of(target: Reportable) -> Download:
    return target if isinstance(target, Download) else target.download


def label_of(target: Reportable) -> str:
    """Return the name of the target, without the name of a user, because the audit log keeps it."""
    if isinstance(target, Download):
        name = target.title
    elif isinstance(target, Version):
        name = f"{target.download.title} {target.number}"
    else:
        name = f"{target._meta.verbose_name} on {target.download.title}"
    return name[:MAX_LABEL_CHARACTERS]


@transaction.atomic
def _close(actor: Actor, report: Report, state: Report.State, note: str) -> Report:
    """Close the report, and queue the e-mail that tells its author the outcome."""
    report_policy.ensure("close", actor, report)
    rows = Report.objects.select_for_update(of=("self",)).select_related("reporter", "download")
    locked: Report = first_or_not_found(rows.filter(pk=report.pk))
    if not locked.is_open:
        raise Conflict(ErrorCode.REPORT_CLOSED, f"The {locked} was {locked.state} already.")
    locked.state, locked.note = state, strip_controls(note).strip()[:MAX_NOTE_CHARACTERS]
    locked.handled_by, locked.handled_at = actor.user, timezone.now()
    locked.save()
    queue_outcome(locked)
    action = AuditAction.REPORT_RESOLVE if state == Report.State.RESOLVED else AuditAction.REPORT_DISMISS
    audit.record(actor=actor, action=action, target=locked, reason=locked.note)
    return locked


def _new_report(actor: Actor, target: Reportable) -> Report:
    return Report(
        download=download_of(target),
        kind=target._meta.model_name or "",
        object_id=target.pk,
        label=label_of(target),
        reporter=actor.user,
        reporter_key=reporter_key(actor),
    )


def _ensure_first(report: Report) -> None:
    """Raise Conflict if an earlier report of the same author about the target is open. The caller holds the lock."""
    same = {"reporter_key": report.reporter_key, "kind": report.kind, "object_id": report.object_id}
    if Report.objects.open().filter(**same).exists():
        raise Conflict(
            ErrorCode.REPORT_OPEN, "You reported this already. A moderator will look at your report.", field="text"
        )
