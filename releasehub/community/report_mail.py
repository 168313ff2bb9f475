"""The e-mail that tells the author of a report the outcome."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.mail_queue import queue_mail
from releasehub.accounts.preferences import reading_as
from releasehub.community.models import Report
from releasehub.core.clean import fold_whitespace
from releasehub.core.site import site_url

OUTCOMES = {
    Report.State.RESOLVED: _("A moderator checked your report and took action. Thank you for your help."),
    Report.State.DISMISSED: _("A moderator checked your report and found nothing that has to change."),
}


def queue_outcome(report: Report) -> None:
    """Queue the e-mail in the author's language, if the author has an account with an address."""
    reporter = report.reporter
    if reporter is None or not reporter.is_active or not reporter.email:
        return
    with reading_as(reporter):
        subject = gettext("Your report about %(target)s") % {"target": target_of(report)}
        queue_mail(reporter.email, subject, text_of(report))


def text_of(report: Report) -> str:
    """Return the text of the e-mail, with the note of the moderator."""
    note = ["", report.note] if report.note else []
    about = gettext("This is about your report on %(url)s: %(target)s")
    values = {"url": site_url(), "target": target_of(report)}
    return "\n".join([str(OUTCOMES[Report.State(report.state)]), *note, "", about % values]) + "\n"


def target_of(report: Report) -> str:
    """Return what the report is about, on one line and in the active language."""
    name, title = report.label, {"title": report.download.title}
    if report.kind == Report.Kind.COMMENT:
        name = gettext("a comment on %(title)s") % title
    elif report.kind == Report.Kind.REVIEW:
        name = gettext("a review of %(title)s") % title
    return fold_whitespace(name)
