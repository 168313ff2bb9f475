"""Links in e-mails that stop further ones without signing in. The signature is what keeps strangers from using them."""

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse

from releasehub.accounts.mail_frequency import DIGESTS, MailFrequency
from releasehub.accounts.models import User
from releasehub.community.models import Watch
from releasehub.core.errors import NotFound
from releasehub.core.querysets import first_or_not_found
from releasehub.core.site import site_url

_watch_signer = Signer(salt="releasehub.community.watch")
_digest_signer = Signer(salt="releasehub.community.digest")


def stop_link(watch: Watch) -> str:
    return site_url() + reverse("pages:watch-stop", args=[_watch_signer.sign(str(watch.pk))])


def digest_stop_link(user: User) -> str:
    """Return the absolute URL that ends the digests of a user."""
    return site_url() + reverse("pages:digest-stop", args=[_digest_signer.sign(str(user.pk))])


def find_watch(token: str) -> Watch:
    """Return the watch that the link in an e-mail stops.

    Raises:
        NotFound: The signature is wrong, or the watch was stopped already.
    """
    rows = Watch.objects.filter(pk=_read(_watch_signer, token))
    return first_or_not_found(rows, "You do not watch this any more, so you get no more e-mails about it.")


def find_reader(token: str) -> User:
    """Return the user whose digests the link in an e-mail stops.

    Raises:
        NotFound: The signature is wrong, or the user was deleted.
    """
    return first_or_not_found(User.objects.filter(pk=_read(_digest_signer, token)))


@transaction.atomic  # a signal writes the row in the audit log
def stop_digests(user: User) -> None:
    """End the digests of a user, who still watches the same and still gets the e-mails about single versions."""
    Watch.objects.filter(user=user, frequency__in=DIGESTS).update(frequency=MailFrequency.NONE)
    if user.version_mail in DIGESTS:
        user.version_mail = MailFrequency.NONE
        user.save(update_fields=["version_mail"])


def _read(signer: Signer, token: str) -> int:
    try:
        return int(signer.unsign(token))
    except (BadSignature, ValueError):
        raise NotFound from None
