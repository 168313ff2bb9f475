"""Limits against spam: how much a user may write, how often, and with how many links."""

import re
from datetime import timedelta
from itertools import chain

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.community.models import Comment, Contribution, Review
from releasehub.core.actor import Actor
from releasehub.core.clean import strip_controls
from releasehub.core.counting import count_in_hour
from releasehub.core.errors import Conflict, ErrorCode, Invalid, Rejected

MAX_LINKS_OF_NEW_USERS = 2
MIN_TEXTS_OF_KNOWN_USERS = 3
REPEAT_HOURS = 24
# A shorter text, such as "Thank you!", may be written about several downloads.
MIN_REPEATED_CHARACTERS = 30

_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)


def count_writing(actor: Actor, download: Download) -> None:
    """Count a text of the actor about the download. Moderators are not limited.

    Call this before the transaction of the change, because the counters may be in Redis.

    Raises:
        TooMany: The user, or all users together about this download, wrote too much in this hour.
    """
    if download_policy.is_moderator(actor):
        return
    if limit := settings.COMMENTS_PER_HOUR:
        message = f"You can write {limit} comments and reviews in one hour. Continue in the next hour."
        count_in_hour(f"comments:user:{actor.user_id}", limit, message)
    if limit := settings.DOWNLOAD_COMMENTS_PER_HOUR:
        message = f"There are too many new comments and reviews about {download.title}. Try again in the next hour."
        count_in_hour(f"comments:download:{download.pk}", limit, message)


def clean_text(text: str, limit: int) -> str:
    """Return the text without control characters, and without white space around it.

    Raises:
        Invalid: The text has more characters than `limit`.
    """
    cleaned = strip_controls(text).replace("\r\n", "\n").strip()
    if len(cleaned) > limit:
        raise Invalid(
            f"The text has {len(cleaned)} characters, but the limit is {limit}. Shorten the text.",
            field="text",
            limit=limit,
        )
    return cleaned


def clean_comment(text: str) -> str:
    cleaned = clean_text(text, settings.MAX_COMMENT_CHARACTERS)
    if not cleaned:
        raise Invalid("The comment is empty. Enter a text.", field="text")
    return cleaned


def clean_review(text: str) -> str:
    """Return the text of a review or of a reply as it is stored. It may be empty."""
    return clean_text(text, settings.MAX_REVIEW_CHARACTERS)


def check_review_length(text: str) -> None:
    """Raise Invalid if the text of a review is shorter than the operator wants."""
    if len(text) < settings.MIN_REVIEW_CHARACTERS:
        limit = settings.MIN_REVIEW_CHARACTERS
        message = f"The review has {len(text)} characters, but it needs at least {limit}. Describe your rating."
        raise Invalid(message, field="text", limit=limit)


def check_links(actor: Actor, download: Download, text: str) -> None:
    """Check that a new user does not write many links. The people behind the download may."""
    if len(_LINK.findall(text)) <= MAX_LINKS_OF_NEW_USERS or download_policy.is_insider(actor, download):
        return
    if not _is_known(actor):
        raise Rejected(
            ErrorCode.COMMENT_TOO_MANY_LINKS,
            f"New users can write {MAX_LINKS_OF_NEW_USERS} links in one text. Remove the other links.",
            field="text",
        )


def check_repetition(actor: Actor, download: Download, text: str, *, besides: Contribution | None = None) -> None:
    """Check that the actor did not write the same text before, about this download or, if it is long, about another.

    Args:
        besides: The row that gets the text.
    """
    since = timezone.now() - timedelta(hours=REPEAT_HOURS)
    about = Q() if len(text) >= MIN_REPEATED_CHARACTERS else Q(download=download)
    is_new = Q(created_at__gt=since) | Q(last_edit_at__gt=since)
    for model in (Comment, Review):
        rows = model.all_objects.filter(about, is_new, author=actor.user_id, text=text)
        if isinstance(besides, model):
            rows = rows.exclude(pk=besides.pk)
        if text and rows.exists():
            message = f"You wrote the same text within the last {REPEAT_HOURS} hours. Write something else."
            raise Conflict(ErrorCode.COMMENT_REPEATED, message, field="text")


def _is_known(actor: Actor) -> bool:
    """Return whether enough texts of the user are visible, so that a moderator would have noticed spam."""
    models: tuple[type[Contribution], ...] = (Comment, Review)
    shown = (model.objects.shown().filter(author=actor.user_id)[:MIN_TEXTS_OF_KNOWN_USERS] for model in models)
    return len(list(chain.from_iterable(shown))) >= MIN_TEXTS_OF_KNOWN_USERS
