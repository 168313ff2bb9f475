"""Changes of comments and reviews, with their counts, audit rows and events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from downloads.models import Download
from releasehub.audit.models import AuditEntry
from releasehub.community.models import NEVER, Comment, Review
from releasehub.community.services import (
    approve_contribution,
    create_review,
    delete_contribution,
    edit_comment,
    edit_review,
    reply_to_review,
    restore_contribution,
)
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid
from releasehub.publishing.deletion import delete_download
from releasehub.publishing.purge import purge_deleted
from releasehub.webhooks.models import Event
from tests.factories import make_category, make_comment, make_download, make_review, make_user, system

pytestmark = pytest.mark.django_db


def acting(row: Comment | Review) -> Actor:
    return Actor(user=row.author)


def counts(download: Download) -> tuple[int, int, float, int]:
    """Return the counts of comments and ratings, the average, and the count of reviews with a text."""
    download = Download.all_objects.get(pk=download.pk)
    return download.comment_count, download.rating_count, download.rating_avg, download.review_count


def recorded() -> list[str]:
    rows = AuditEntry.objects.filter(target_type__in=["comment", "review"]).order_by("id")
    return list(rows.values_list("action", flat=True))


def announced() -> list[str]:
    return list(
        Event.objects.filter(object_type__in=["comment", "review"]).order_by("id").values_list("type", flat=True)
    )


def test_first_text_of_a_user_waits_where_the_category_holds_it() -> None:
    download, author = make_download(category=make_category(holds_first_posts=True)), make_user()
    first = make_comment(download, author)
    assert first.state == "moderated"
    assert make_comment(download, author).state == "moderated"
    approve_contribution(actor=system(), row=first)
    assert make_review(download, author, text="Works.").state == "visible"
    assert make_comment(download, download.owner).state == "visible"


def test_life_of_a_comment() -> None:
    comment = make_comment(text="  Works great\r\non PHP 8.3.\x00  ")
    assert (comment.text, comment.state, comment.last_edit_at) == ("Works great\non PHP 8.3.", "visible", NEVER)
    comment = edit_comment(actor=acting(comment), comment=comment, text="Works well.")
    assert (comment.edit_count, comment.last_edit_at > comment.created_at) == (1, True)
    delete_contribution(actor=acting(comment), row=comment, reason="changed my mind")
    assert counts(comment.download)[0] == 0
    comment = restore_contribution(actor=system(), row=comment)
    assert counts(comment.download)[0] == 1
    delete_contribution(actor=system(), row=comment, hard=True)
    assert counts(comment.download)[0] == 0
    assert not Comment.all_objects.exists()
    assert recorded() == [
        f"comment.{action}" for action in ("create", "update", "delete_soft", "restore", "delete_hard")
    ]
    assert announced() == [f"comment.{event}" for event in ("created", "updated", "deleted", "restored", "deleted")]
    assert AuditEntry.objects.get(action="comment.delete_soft").reason == "changed my mind"
    assert AuditEntry.objects.get(action="comment.update").changes == {
        "text": ["Works great\non PHP 8.3.", "Works well."]
    }
    data = Event.objects.latest("id").data
    assert (data["hard"], data["text"], data["download"]["download_id"]) == (True, "Works well.", comment.download_id)


def test_counts_and_average_follow_every_change_of_a_review() -> None:
    download = make_download()
    make_review(download, rating=2)
    review = make_review(download, rating=5, text="Solid.")
    assert counts(download) == (0, 2, 3.5, 1)
    review = edit_review(actor=acting(review), review=review, rating=3)
    assert counts(download) == (0, 2, 2.5, 1)
    review = edit_review(actor=acting(review), review=review, text="")
    assert counts(download) == (0, 2, 2.5, 0)
    delete_contribution(actor=acting(review), row=review)
    assert counts(download) == (0, 1, 2.0, 0)
    assert Event.objects.latest("id").data["download"]["rating_avg"] == 2.0
    restore_contribution(actor=system(), row=review)
    assert counts(download) == (0, 2, 2.5, 0)


@pytest.mark.parametrize("rating", [0, 6, -1, 10**9])
def test_rating_out_of_range_is_invalid(rating: int) -> None:
    with pytest.raises(Invalid) as refused:
        make_review(rating=rating)
    assert refused.value.field == "rating"
    review = make_review()
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=review.pk).update(rating=9)


def test_one_live_review_of_a_user_per_download() -> None:
    review = make_review()
    with pytest.raises(Conflict, match="already reviewed"):
        make_review(review.download, review.author)
    delete_contribution(actor=acting(review), row=review)
    make_review(review.download, review.author, rating=1)
    with pytest.raises(Conflict, match="already reviewed"):
        restore_contribution(actor=system(), row=review)
    assert counts(review.download)[:3] == (0, 1, 1.0)


def test_new_and_changed_texts_wait_for_approval_where_the_category_asks_for_it() -> None:
    download = make_download(category=make_category(comments_need_approval=True))
    comment, review = make_comment(download), make_review(download)
    assert (comment.state, review.state, counts(download)) == ("moderated", "moderated", (0, 0, 0.0, 0))
    assert make_comment(download, download.owner).state == "visible"
    with pytest.raises(Denied):
        approve_contribution(actor=Actor(user=download.owner), row=comment)
    comment = approve_contribution(actor=system(), row=comment)
    approve_contribution(actor=system(), row=review)
    assert counts(download)[:2] == (2, 1)
    comment = edit_comment(actor=acting(comment), comment=comment, text="Buy something else.")
    assert (comment.state, counts(download)[0]) == ("moderated", 1)
    assert AuditEntry.objects.latest("id").changes["state"] == ["visible", "moderated"]
    assert announced().count("comment.approved") == 1


def test_edits_within_the_grace_period_are_recorded_but_not_shown(settings: Any) -> None:
    settings.COMMENT_GRACE_MINUTES = 5
    comment = make_comment()
    comment = edit_comment(actor=acting(comment), comment=comment, text="Corrected.")
    assert (comment.edit_count, comment.last_edit_at) == (0, NEVER)
    assert recorded()[-1] == "comment.update"
    Comment.objects.update(created_at=comment.created_at - timedelta(minutes=6))
    comment = edit_comment(actor=acting(comment), comment=comment, text="Corrected again.")
    assert comment.edit_count == 1


def test_saving_unchanged_texts_stores_no_row() -> None:
    comment, review = make_comment(text="Same."), make_review(rating=3)
    before = recorded()
    edit_comment(actor=acting(comment), comment=comment, text="Same. ")
    edit_review(actor=acting(review), review=review, rating=3, text="")
    assert recorded() == before


def test_reply_to_a_review_can_be_changed_and_removed() -> None:
    review = make_review(text="It crashes.", rating=1)
    owner = Actor(user=review.download.owner)
    review = reply_to_review(actor=owner, review=review, text="Fixed in 1.2.")
    assert (review.reply, review.replied_by, review.edit_count) == ("Fixed in 1.2.", owner.user, 0)
    assert Event.objects.latest("id").data["reply"] == "Fixed in 1.2."
    review = reply_to_review(actor=owner, review=review, text="")
    assert (review.reply, review.replied_at, review.replied_by) == ("", None, None)
    assert recorded()[-2:] == ["review.reply"] * 2
    with pytest.raises(Denied):
        reply_to_review(actor=acting(review), review=review, text="Me too.")


def test_deleted_rows_have_to_be_restored_first() -> None:
    comment = make_comment()
    moderator = Actor(user=make_user(is_staff=True, permissions=("moderate_download",)))
    delete_contribution(actor=moderator, row=comment)
    comment = Comment.all_objects.get()
    with pytest.raises(Conflict, match="deleted"):
        edit_comment(actor=moderator, comment=comment, text="x")
    with pytest.raises(Conflict, match="deleted"):
        delete_contribution(actor=moderator, row=comment)


def test_denied_hard_deletion_is_recorded_and_changes_nothing() -> None:
    comment = make_comment()
    with pytest.raises(Denied):
        delete_contribution(actor=acting(comment), row=comment, hard=True)
    assert Comment.objects.count() == 1
    assert AuditEntry.objects.latest("id").action == "hard_delete.refused"


def test_comments_and_reviews_are_purged_after_their_own_periods(settings: Any) -> None:
    settings.COMMENT_RETENTION_DAYS, settings.RETENTION_DAYS = 7, 0
    comment, review = make_comment(), make_review()
    delete_contribution(actor=system(), row=comment, reason="spam")
    delete_contribution(actor=system(), row=review)
    age_deletions(8)
    purged = purge_deleted()
    assert (purged["comments"], purged["reviews"]) == (1, 0)
    assert AuditEntry.objects.get(action="comment.delete_hard").reason == "spam"
    settings.RETENTION_DAYS = 9
    assert purge_deleted()["reviews"] == 0
    age_deletions(2)
    assert purge_deleted()["reviews"] == 1


def age_deletions(days: int) -> None:
    for model in (Comment, Review):
        for row in model.all_objects.deleted():
            assert row.deleted_at is not None
            model.all_objects.filter(pk=row.pk).update(deleted_at=row.deleted_at - timedelta(days=days))


def test_erasing_a_download_or_an_account() -> None:
    comment = make_comment()
    make_review(comment.download)
    assert comment.author is not None
    comment.author.delete()
    assert Comment.objects.get().author_name == ""
    delete_download(actor=system(), download=comment.download, hard=True)
    assert (Comment.all_objects.count(), Review.all_objects.count()) == (0, 0)


def test_a_review_without_a_user_has_no_author() -> None:
    with pytest.raises(Invalid, match="needs an author"):
        create_review(actor=system(), download=make_download(), rating=5)
