"""The e-mail that tells the owners of downloads that a moderator has blocked a file, or lifted the block."""

from collections.abc import Iterable

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from files.models import File, Quarantine
from releasehub.accounts.mail_queue import queue_mail
from releasehub.accounts.models import User
from releasehub.accounts.preferences import reading_as
from releasehub.core.site import site_url

BLOCKED = _("A moderator has blocked these files, so they cannot be downloaded:")
OFFERED = _("A moderator has lifted the block of these files, so they can be downloaded again:")


def notify_owners(files: Iterable[File], quarantine: Quarantine) -> None:
    """Queue one e-mail for each owner of a download with one of the files, in the language of the owner."""
    owned: dict[User, list[File]] = {}
    for file in files:
        owned.setdefault(file.version.download.owner, []).append(file)
    for owner, rows in owned.items():
        if owner.is_active and owner.email:
            with reading_as(owner):
                _queue(owner, rows, quarantine)


def _queue(owner: User, files: list[File], quarantine: Quarantine) -> None:
    is_blocked = quarantine.ended_at is None
    subject = gettext("A file was blocked: %(name)s") if is_blocked else gettext("A file is offered again: %(name)s")
    names = [f"- {file.version.download.title} {file.version.number}: {file.filename}" for file in files]
    reason = ["", gettext("Reason: %(reason)s") % {"reason": quarantine.reason}] if is_blocked else []
    about = gettext("This is about your downloads on %(url)s.") % {"url": site_url()}
    lines = [str(BLOCKED if is_blocked else OFFERED), "", *names, *reason, "", about]
    queue_mail(owner.email, subject % {"name": quarantine.filename}, "\n".join(lines) + "\n")
