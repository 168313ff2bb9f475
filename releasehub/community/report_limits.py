"""Limits on how many reports one visitor sends, and the key under which an anonymous visitor is counted."""

from django.conf import settings
from django.utils.crypto import salted_hmac

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.community.limits import clean_text
from releasehub.core.actor import Actor
from releasehub.core.counting import count_in_hour
from releasehub.core.errors import Invalid
from releasehub.core.requests import network_of

MAX_REPORT_CHARACTERS = 2000
KEY_CHARACTERS = 40


def reporter_key(actor: Actor) -> str:
    """Return what stands for the author of a report: the user, or a keyed digest of an anonymous visitor's network."""
    if actor.user_id is not None:
        return f"user:{actor.user_id}"
    return f"network:{salted_hmac('releasehub.reports', network_of(actor.address)).hexdigest()[:KEY_CHARACTERS]}"


def count_reporting(actor: Actor, download: Download) -> None:
    """Count a report of the actor about something of the download. Moderators are not limited.

    Call this before the transaction of the change, because the counters may be in Redis.

    Raises:
        TooMany: The actor, or all visitors together about this download, sent too many reports in this hour.
    """
    if download_policy.is_moderator(actor):
        return
    if limit := settings.REPORTS_PER_HOUR:
        message = f"You can send {limit} reports in one hour. Continue in the next hour."
        count_in_hour(f"reports:{reporter_key(actor)}", limit, message)
    if limit := settings.DOWNLOAD_REPORTS_PER_HOUR:
        message = f"There are too many new reports about {download.title}. Try again in the next hour."
        count_in_hour(f"reports:download:{download.pk}", limit, message)


def clean_report(text: str) -> str:
    cleaned = clean_text(text, MAX_REPORT_CHARACTERS)
    if not cleaned:
        raise Invalid("Describe what is wrong, so that a moderator can check it.", field="text")
    return cleaned
