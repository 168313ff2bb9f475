"""Moderators work on comments and reviews in the admin, through the services."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from releasehub.audit.models import AuditEntry
from releasehub.community.models import Comment, Review
from tests.factories import make_category, make_comment, make_download, make_review, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def moderator() -> Client:
    client = Client()
    client.force_login(make_user("mod", is_staff=True, permissions=("moderate_download",)))
    return client


def act(client: Client, row: Comment | Review, name: str) -> Any:
    url = reverse(f"admin:community_{row._meta.model_name}_act", args=[row.pk, name])
    return client.post(url, {"confirmed": "1", "reason": "because", "_selected_action": row.pk})


def test_moderator_approves_deletes_and_restores(moderator: Client) -> None:
    download = make_download(category=make_category(comments_need_approval=True))
    for row in (make_comment(download), make_review(download, text="x")):
        for name in ("approve", "delete", "restore"):
            assert act(moderator, row, name).status_code == 302
        row = type(row).objects.get()
        assert row.is_shown
    actions = AuditEntry.objects.filter(target_type="comment", channel="admin").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "comment.approve",
        "comment.delete_soft",
        "comment.restore",
    ]
    assert actions[1].reason == "because"


def test_moderator_changes_a_text_and_a_rating(moderator: Client) -> None:
    comment, review = make_comment(text="Rude."), make_review(rating=1, text="x")
    moderator.post(reverse("admin:community_comment_change", args=[comment.pk]), {"text": "Removed by a moderator."})
    moderator.post(reverse("admin:community_review_change", args=[review.pk]), {"rating": 2, "text": "x"})
    comment.refresh_from_db()
    review.refresh_from_db()
    assert (comment.text, comment.edit_count) == ("Removed by a moderator.", 1)
    assert review.rating == 2
    assert AuditEntry.objects.get(action="review.update").changes == {"rating": [1, 2]}
    review.download.refresh_from_db()
    assert review.download.rating_avg == 2.0
    page = moderator.post(reverse("admin:community_comment_change", args=[comment.pk]), {"text": ""})
    assert page.status_code == 200
    assert Comment.objects.get().text


def test_lists_take_the_same_number_of_queries(moderator: Client, django_assert_max_num_queries: Any) -> None:
    for model, make in ((Comment, make_comment), (Review, make_review)):
        counts = []
        for rows in (1, 5):
            for _ in range(rows):
                make()
            with django_assert_max_num_queries(60) as queries:
                url = reverse(f"admin:community_{model._meta.model_name}_changelist")
                assert moderator.get(f"{url}?state__exact=visible").status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1]
