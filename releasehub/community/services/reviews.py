"""Create and change reviews, and reply to them."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from downloads.models import Download
from downloads.services import lock_download
from releasehub.audit import services as audit
from releasehub.community.limits import check_links, check_repetition, check_review_length, clean_review, count_writing
from releasehub.community.models import Review
from releasehub.community.policies import contribution_policy
from releasehub.community.services.writing import announce, change_row, insert_row, lock_contribution
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode


def create_review(*, actor: Actor, download: Download, rating: int, text: str = "") -> Review:
    """Create the review of the actor about a download, from 1 to 5. The text may be empty.

    Raises:
        Denied: The category accepts no reviews, or the actor owns the download or belongs to its team.
        Invalid: The rating is out of range, the text is too short or too long, or the review would have no author.
        Rejected: The text has too many links.
        Conflict: The actor has reviewed the download or wrote the same text before, or the download is deleted.
        TooMany: The actor, or all users together, wrote too much in this hour.
    """
    contribution_policy.ensure_review(actor, download)
    text = clean_review(text)
    check_review_length(text)
    count_writing(actor, download)
    with transaction.atomic():
        download = lock_download(download.pk)
        contribution_policy.ensure_review(actor, download)
        review = Review(download=download, author=actor.user)
        ensure_only_review(review)
        check_links(actor, download, text)
        check_repetition(actor, download, text)
        insert_row(actor, review, {"rating": rating, "text": text})
    return review


def edit_review(*, actor: Actor, review: Review, rating: int | None = None, text: str | None = None) -> Review:
    """Change only the given fields of a review.

    Raises:
        Denied: The actor neither wrote the review nor is a moderator.
        Invalid: The rating is out of range, or the text is too short or too long.
        Rejected: The text has too many links.
        Conflict: The actor wrote the same text before, or the review or its download is deleted.
        TooMany: The actor, or all users together, wrote too much in this hour.
    """
    contribution_policy.ensure("edit", actor, review)
    values: dict[str, Any] = {} if rating is None else {"rating": rating}
    if text is not None:
        values["text"] = clean_review(text)
    count_writing(actor, review.download)
    with transaction.atomic():
        review = lock_contribution(review)
        contribution_policy.ensure("edit", actor, review)
        if values.get("text", review.text) != review.text:
            check_review_length(values["text"])
            check_links(actor, review.download, values["text"])
            check_repetition(actor, review.download, values["text"], besides=review)
        change_row(actor, review, values)
    return review


@transaction.atomic
def reply_to_review(*, actor: Actor, review: Review, text: str) -> Review:
    """Set the reply of the people behind the download to a review. An empty text removes it.

    Raises:
        Invalid: The text is too long.
        Conflict: The review or its download is deleted.
    """
    contribution_policy.ensure("reply", actor, review)
    text = clean_review(text)
    review = lock_contribution(review)
    contribution_policy.ensure("reply", actor, review)
    changes = audit.changed_fields(review, {"reply": text})
    if not changes:
        return review
    review.reply = text
    review.replied_at, review.replied_by = (timezone.now(), actor.user) if text else (None, None)
    review.save(update_fields=["reply", "replied_at", "replied_by", "updated_at"])
    announce(actor, review, "reply", "updated", changes=changes)
    return review


def ensure_only_review(review: Review) -> None:
    """Check that the author has no other review of the download. The caller holds the lock on the download."""
    if review.author_id and Review.objects.filter(download=review.download_id, author=review.author_id).exists():
        message = f"{review.author_name} has already reviewed {review.download.title}. Change that review instead."
        raise Conflict(ErrorCode.REVIEW_EXISTS, message)
