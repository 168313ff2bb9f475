"""Digests: one e-mail a day or a week about all new versions of what a user watches."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from releasehub.accounts.mail_queue import queue_mail
from releasehub.accounts.models import User
from releasehub.accounts.preferences import reading_as
from releasehub.community.models import WatchNotice
from releasehub.community.notices import due_notices, has_file, is_welcome, next_digest_of
from releasehub.community.services.unsubscribing import digest_stop_link
from releasehub.community.version_links import link_to
from releasehub.core.clean import fold_whitespace
from releasehub.core.site import site_url
from versions.models import Version

GIVE_UP_AFTER = timedelta(days=14)  # waiting for the first file of a version
MAX_PER_RUN = 500
MAX_DOWNLOADS = 50  # in one e-mail
MAX_VERSIONS_PER_DOWNLOAD = 5


def queue_digests() -> int:
    """Queue the digests that are due and return their number. Several workers can do this concurrently."""
    user_ids = _due().order_by("user").values_list("user", flat=True).distinct()
    return sum(_queue_digest(user_id) for user_id in user_ids[:MAX_PER_RUN])


def _due() -> models.QuerySet[WatchNotice]:
    return due_notices().filter(is_digest=True)


@transaction.atomic
def _queue_digest(user_id: int) -> bool:
    """Queue the digest of one user, and mark its notices as sent in the same transaction, so that it is sent once."""
    rows = _due().filter(user=user_id).select_for_update(of=("self",)).order_by("pk")
    names = ("watch__user", "user", "version__download__category", "version__download__organization")
    welcome = [notice for notice in rows.select_related(*names) if _is_kept(notice)]
    ready = [notice for notice in welcome if has_file(notice)]
    for notice in welcome:
        if notice not in ready:  # until the next digest
            notice.due_at = next_digest_of(notice.watch)
            notice.save(update_fields=["due_at"])
    _due().filter(user=user_id).update(due_at=None)
    if ready:
        _queue(ready[0].user, [notice.version for notice in ready])
    return bool(ready)


def _is_kept(notice: WatchNotice) -> bool:
    return notice.created_at > timezone.now() - GIVE_UP_AFTER and is_welcome(notice)


def _queue(user: User, versions: Sequence[Version]) -> None:
    with reading_as(user):
        stop = digest_stop_link(user)
        queue_mail(user.email, _subject_of(versions), _text_of(versions, stop), unsubscribe_url=stop)


def _subject_of(versions: Sequence[Version]) -> str:
    titles = sorted({fold_whitespace(version.download.title) for version in versions}, key=str.casefold)
    text = ngettext("%(counter)s new version: %(titles)s", "%(counter)s new versions: %(titles)s", len(versions))
    return text % {"counter": len(versions), "titles": ", ".join(titles)}


def _text_of(versions: Sequence[Version], stop: str) -> str:
    values = {"url": site_url()}
    lines = [
        gettext("These versions were published since your last digest:"),
        "",
        *_list_of(versions),
        gettext("You get this digest because you watch downloads or categories on %(url)s.") % values,
        gettext("Open this page to choose how often you get e-mails:"),
        site_url() + reverse("pages:watches"),
        "",
        gettext("Open this link to stop these digests:"),
        stop,
    ]
    return "\n".join(lines) + "\n"


def _list_of(versions: Sequence[Version]) -> Iterable[str]:
    """Yield the lines about each download, in the order of the titles and with its newest version first.

    Security releases come first, so that the limits never leave one out in favor of another version.
    """
    urgent = {version.download_id for version in versions if version.is_security_release}
    ranked = sorted(versions, key=lambda version: (version.is_security_release, version.released_at), reverse=True)
    ranked.sort(key=lambda row: (row.download_id not in urgent, row.download.title.casefold(), row.download_id))
    groups = [list(group) for _, group in groupby(ranked, key=lambda version: version.download_id)]
    for group in groups[:MAX_DOWNLOADS]:
        yield from _lines_about(group)
    rest = len(groups) - MAX_DOWNLOADS
    if rest > 0:
        yield ngettext("And %(counter)s more download.", "And %(counter)s more downloads.", rest) % {"counter": rest}
        yield ""


def _lines_about(versions: Sequence[Version]) -> Iterable[str]:
    yield fold_whitespace(versions[0].download.title)
    for version in versions[:MAX_VERSIONS_PER_DOWNLOAD]:
        yield f"  {_name_of(version)}"
        if version.is_security_release:
            yield "  " + gettext("This is a security release.")
        yield f"  {link_to(version)}"
    rest = len(versions) - MAX_VERSIONS_PER_DOWNLOAD
    if rest > 0:
        text = ngettext("And %(counter)s more version.", "And %(counter)s more versions.", rest)
        yield "  " + text % {"counter": rest}
    yield ""


def _name_of(version: Version) -> str:
    if "channel" not in version.page_query:
        return version.number
    values = {"number": version.number, "channel": version.shown_channel}
    return gettext("%(number)s in the channel %(channel)s") % values
