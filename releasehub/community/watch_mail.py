"""E-mails about one new version each, to the users who watch it and want to know it at once."""

import logging
from datetime import timedelta

from django.core.mail import EmailMessage
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext

from downloads.models import Category, Download
from releasehub.accounts.mail_queue import unsubscribe_headers
from releasehub.accounts.preferences import reading_as
from releasehub.community.models import WatchNotice
from releasehub.community.notices import due_notices, has_file, is_welcome
from releasehub.community.services.unsubscribing import stop_link
from releasehub.community.version_links import link_to
from releasehub.core.clean import fold_whitespace
from releasehub.core.site import site_url
from versions.models import Version

log = logging.getLogger(__name__)

SEND_TASK = "mail.watch_notices"  # in the queue `outbound`
RETRY_AFTER = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=2)
MAX_PER_RUN = 500


def has_due_notices() -> bool:
    return _due().exists()


def send_notices() -> int:
    """Send the e-mails that are due. Several workers can do this concurrently. Return how many were sent.

    An e-mail is claimed before it is sent and marked as sent afterwards, so it is retried if the worker dies or the
    mail server fails. A user gets it twice only if the worker dies after sending it.
    """
    ids = list(_due().values_list("pk", flat=True)[:MAX_PER_RUN])
    return sum(_send(notice) for pk in ids if (notice := _claim(pk)) is not None)


def _due() -> models.QuerySet[WatchNotice]:
    return due_notices().filter(is_digest=False)


def _claim(pk: int) -> WatchNotice | None:
    """Postpone the e-mail to the time of the next attempt, which only one worker can do, and return it.

    It is read just before it is sent: a slow mail server may take an hour for the others of a run, and meanwhile the
    version may have become private.
    """
    if not _due().filter(pk=pk).update(due_at=timezone.now() + RETRY_AFTER):
        return None
    names = ("watch__category", "watch__user", "user", "version__download__category")
    return WatchNotice.objects.select_related(*names).filter(pk=pk).first()


def _send(notice: WatchNotice) -> bool:
    is_too_old = notice.created_at < timezone.now() - GIVE_UP_AFTER
    if is_too_old or not is_welcome(notice):
        _finish(notice)
        return False
    if not has_file(notice):
        return False
    try:
        message_of(notice).send()
    except (OSError, ValueError) as error:  # all failures of SMTP, and invalid e-mail addresses
        log.warning("The e-mail about version %s was not sent. Cause: %s", notice.version_id, type(error).__name__)
        return False
    _finish(notice)
    return True


def _finish(notice: WatchNotice) -> None:
    WatchNotice.objects.filter(pk=notice.pk).update(due_at=None)


def message_of(notice: WatchNotice) -> EmailMessage:
    """Return the e-mail in the language of the user, with a link that stops further ones."""
    with reading_as(notice.user):
        return _message_of(notice)


def _message_of(notice: WatchNotice) -> EmailMessage:
    version, category = notice.version, notice.watch.category
    download, base_url = version.download, site_url()
    name = fold_whitespace(f"{download.title} {version.number}")
    stop = stop_link(notice.watch)
    lines = [
        _headline_of(version, name),
        *([gettext("This is a security release.")] if version.is_security_release else []),
        "",
        link_to(version),
        "",
        _reason_of(category or download, base_url),
        gettext("Open this link to stop these e-mails:"),
        stop,
    ]
    return EmailMessage(
        gettext("%(name)s was published") % {"name": name},
        "\n".join(lines) + "\n",
        to=[notice.user.email],
        headers=unsubscribe_headers(stop),
    )


def _headline_of(version: Version, name: str) -> str:
    if "channel" not in version.page_query:
        return gettext("%(name)s was published.") % {"name": name}
    values = {"name": name, "channel": version.shown_channel}
    return gettext("%(name)s was published in the channel %(channel)s.") % values


def _reason_of(watched: Download | Category, url: str) -> str:
    """Return why the user gets the e-mail."""
    text = gettext("You get this e-mail because you watch %(title)s on %(url)s.")
    if isinstance(watched, Category):
        text = gettext("You get this e-mail because you watch the category %(title)s on %(url)s.")
    return text % {"title": fold_whitespace(watched.title), "url": url}
