"""The e-mail that tells an author what a moderator decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.mail_queue import queue_mail
from releasehub.accounts.models import User
from releasehub.accounts.preferences import reading_as
from releasehub.core.clean import fold_whitespace
from releasehub.core.site import site_url
from releasehub.moderation.models import Kind, Verdict

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
