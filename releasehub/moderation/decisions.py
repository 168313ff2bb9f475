"""Approve or reject rows of the queue, and tell their authors by e-mail what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from files.models import File
from releasehub.accounts.mail_queue import queue_mail
from releasehub.accounts.models import User
from releasehub.accounts.preferences import reading_as
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import fold_whitespace
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.core.site import site_url
from releasehub.moderation.kinds import WAITING, stamp_of
from releasehub.moderation.models import MAX_NOTE_CHARACTERS, Assignment, Kind, Verdict
from releasehub.moderation.queue import ensure_moderator
from releasehub.moderation.rows import files_by_version

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


SUBJECTS: dict[tuple[Kind, bool], StrOrPromise] = {
    (Kind.DOWNLOAD, True): _("Your download %(title)s was approved"),
    (Kind.DOWNLOAD, False): _("Your download %(title)s was returned to you"),
    (Kind.VERSION, True): _("Version %(number)s of %(title)s was published"),
    (Kind.VERSION, False): _("Version %(number)s of %(title)s was returned to you"),
    (Kind.COMMENT, True): _("Your comment on %(title)s was approved"),
    (Kind.COMMENT, False): _("Your comment on %(title)s was rejected"),
    (Kind.REVIEW, True): _("Your review of %(title)s was approved"),
    (Kind.REVIEW, False): _("Your review of %(title)s was rejected"),
}
NEXT_STEPS: dict[tuple[Kind, bool], StrOrPromise] = {
    (Kind.DOWNLOAD, True): _("It is visible on the site now."),
    (Kind.DOWNLOAD, False): _("It is a draft now. Change it, and submit it again."),
    (Kind.VERSION, True): _("It is offered for download now."),
    (Kind.VERSION, False): _("It is a draft now. Change it, and publish it again."),
    (Kind.COMMENT, True): _("Other visitors can read it now."),
    (Kind.COMMENT, False): _("Other visitors cannot read it."),
    (Kind.REVIEW, True): _("Other visitors can read it now."),
    (Kind.REVIEW, False): _("Other visitors cannot read it."),
}


def queue_verdict(author: User, target: Any, verdict: Verdict) -> None:
    """Queue the e-mail in the author's language, if the account has an address."""
    if not author.is_active or not author.email:
        return
    case = (Kind(verdict.kind), verdict.is_approval)
    download = getattr(target, "download", target)
    values = {"title": fold_whitespace(download.title), "number": getattr(target, "number", "")}
    with reading_as(author):
        note = ["", gettext("The moderator writes:"), verdict.note] if verdict.note else []
        about = gettext("This is about %(url)s.") % {"url": site_url() + download.path}
        lines = [str(NEXT_STEPS[case]), *note, "", about]
        queue_mail(author.email, str(SUBJECTS[case]) % values, "\n".join(lines) + "\n")


@transaction.atomic
def decide(*, actor: Actor, kind: Kind, object_id: int, is_approval: bool, note: str = "", seen: str = "") -> Verdict:
    """Approve or reject a row of the queue by the service of its app, and send the note to its author.

    Args:
        seen: The `stamp_of` the row when the moderator saw it, or an empty string if that does not matter.

    Raises:
        Denied: The actor is not a moderator, or the service does not allow the decision.
        Conflict: The row no longer waits for a decision, or was changed after the moderator saw it.
        Invalid: The note is too long, or a rejection has none.
        DomainError: The service refused the decision.
    """
    ensure_moderator(actor)
    waiting, note = WAITING[kind], note.strip()
    _check_note(note, is_needed=waiting.tells_author and not is_approval)
    target = waiting.claim(object_id)
    if target is None:
        message = "Another moderator has decided about this, or its author has withdrawn it. Reload the queue."
        raise Conflict(ErrorCode.CONFLICT, message)
    if seen and seen != stamp_of(target, _files_of(kind, target)):
        raise Conflict(
            ErrorCode.CONFLICT, "This was changed after you opened the queue. Look at it again, then decide."
        )
    (waiting.approve if is_approval else waiting.reject)(actor, target, note)
    verdict = Verdict.objects.create(
        kind=kind, object_id=object_id, is_approval=is_approval, note=note, moderator=actor.user
    )
    Assignment.objects.filter(kind=kind, object_id=object_id).delete()
    action = AuditAction.MODERATION_APPROVE if is_approval else AuditAction.MODERATION_REJECT
    audit.record(actor=actor, action=action, target=target, reason=note)
    if waiting.author is not None and (author := waiting.author(target)):
        queue_verdict(author, target, verdict)
    return verdict


def _files_of(kind: Kind, target: Any) -> list[File]:
    return files_by_version({target.pk: target}).get(target.pk, []) if kind == Kind.VERSION else []


def last_rejection(kind: Kind, target: Any) -> Verdict | None:
    """Return the newest verdict about a row if it is a rejection, for the page on which its author reads the note."""
    verdict = Verdict.objects.filter(kind=kind, object_id=target.pk).first()
    return None if verdict is None or verdict.is_approval else verdict


def _check_note(note: str, *, is_needed: bool) -> None:
    if is_needed and not note:
        raise Invalid("Enter a note that tells the author what to change.", field="note")
    if len(note) > MAX_NOTE_CHARACTERS:
        raise Invalid(f"The note is longer than {MAX_NOTE_CHARACTERS} characters. Enter a shorter one.", field="note")
