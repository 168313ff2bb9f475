"""Comments and reviews on the page of a download, without script."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from downloads.models import Download
from releasehub.community.models import Comment, Review
from releasehub.community.services import delete_contribution
from releasehub.core.actor import Actor
from tests.crawling import read
from tests.factories import make_category, make_comment, make_download, make_review, make_user, system
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def download() -> Download:
    return make_download(title="Tool")


def text_of(client: Client, download: Download, query: str = "") -> str:
    return client.get(f"{download.path}?{query}").content.decode()


def links_of(client: Client, download: Download) -> set[str]:
    """Return the last parts of the links to pages that change comments and reviews."""
    links, _ = read(download.path, client.get(download.path).content)
    found = [link.split("/") for link in links if link.startswith(("/account/comments/", "/account/reviews/"))]
    return {f"{parts[2]} {parts[4]}" for parts in found} | {"new" for link in links if link.endswith("/review/")}


def test_texts_are_shown_with_safe_markdown_and_rating(client: Client, download: Download) -> None:
    assert "There are no comments yet." in text_of(client, download)
    assert "There are no reviews yet." in text_of(client, download)
    make_comment(download, make_user("ann"), text="**Fast** <script>alert(1)</script>")
    make_review(download, rating=5)
    make_review(download, make_user("bob"), rating=4, text="*Solid*")
    text = text_of(client, download)
    for part in ("<strong>Fast</strong>", "<em>Solid</em>", "ann", "bob", 'aria-label="4 of 5"', "4.5</strong> of 5"):
        assert part in text, part
    assert "<script>alert" not in text
    assert "/account/sign-in/?next=/downloads/tool" in text
    assert links_of(client, download) == set()


def test_user_writes_changes_and_deletes_a_comment(download: Download) -> None:
    user = make_user("ann")
    client, url = signed_in(user), f"/account/downloads/{download.public_id}/comment/"
    assert f'action="{url}"' in text_of(client, download)
    answer = client.post(url, {"text": "First."})
    assert answer["Location"] == f"{download.path}#comments"
    assert "Your text was saved." in text_of(client, download)
    comment = Comment.objects.get()
    assert links_of(client, download) == {"comments edit", "comments delete", "new"}
    client.post(f"/account/comments/{comment.public_id}/edit/", {"text": "Second."})
    comment.refresh_from_db()
    assert (comment.text, comment.edit_count) == ("Second.", 1)
    delete = f"/account/comments/{comment.public_id}/delete/"
    assert "Second." in client.get(delete).content.decode()
    assert Comment.objects.exists()
    client.post(delete)
    assert not Comment.objects.exists()


def test_user_reviews_once_and_the_team_replies(download: Download) -> None:
    user = make_user()
    client, owner = signed_in(user), signed_in(download.owner)
    url = f"/account/downloads/{download.public_id}/review/"
    assert client.post(url, {"rating": 9}).status_code == 400
    assert client.post(url, {"rating": 4, "text": ""})["Location"] == f"{download.path}#reviews"
    review = Review.objects.get()
    assert client.get(url)["Location"] == f"/account/reviews/{review.public_id}/edit/"
    assert client.post(url, {"rating": 5})["Location"] == f"/account/reviews/{review.public_id}/edit/"
    assert "new" not in links_of(client, download)
    client.post(f"/account/reviews/{review.public_id}/edit/", {"rating": 2, "text": "Slow."})
    assert links_of(owner, download) == {"reviews reply"}
    assert owner.post(url, {"rating": 5}).status_code == 403
    reply = f"/account/reviews/{review.public_id}/reply/"
    owner.post(reply, {"text": "Faster in 2.0."})
    assert "Faster in 2.0." in text_of(client, download)
    owner.post(reply, {"text": ""})
    review.refresh_from_db()
    assert (review.rating, review.text, review.reply) == (2, "Slow.", "")
    client.post(f"/account/reviews/{review.public_id}/delete/")
    assert not Review.objects.exists()


def test_refused_texts_stay_in_the_form(download: Download, settings: Any) -> None:
    client, url = signed_in(make_user()), f"/account/downloads/{download.public_id}/comment/"
    links = "http://a http://b http://c"
    answer = client.post(url, {"text": links})
    assert (answer.status_code, links in answer.content.decode()) == (400, True)
    assert "New users can write 2 links" in answer.content.decode()
    settings.COMMENTS_PER_HOUR = 1
    limited = client.post(url, {"text": "More."})
    assert (limited.status_code, int(limited["Retry-After"]) > 0) == (429, True)


def test_waiting_comments_cannot_be_seen_or_changed_by_others() -> None:
    download = make_download(category=make_category(comments_need_approval=True))
    comment = make_comment(download, text="Not yet public.")
    stranger, author = signed_in(make_user()), signed_in(comment.author)
    assert "Not yet public." not in text_of(stranger, download)
    assert "waits for approval" in text_of(author, download)
    for page in ("edit", "delete"):
        assert stranger.get(f"/account/comments/{comment.public_id}/{page}/").status_code == 404
    shown = make_comment(text="Public.")
    assert stranger.post(f"/account/comments/{shown.public_id}/edit/", {"text": "Mine."}).status_code == 403
    assert Client().post(f"/account/comments/{shown.public_id}/delete/")["Location"].startswith("/account/sign-in/")
    hidden = make_download(visibility="private")
    assert stranger.post(f"/account/downloads/{hidden.public_id}/comment/", {"text": "x"}).status_code == 404


def test_closed_category_shows_existing_comments_without_a_form() -> None:
    category = make_category()
    download = make_download(category=category)
    client = signed_in(make_comment(download, text="Before.").author)
    closed = make_download(category=make_category(allows_comments=False, allows_reviews=False))
    assert 'id="comments"' not in text_of(client, closed)
    assert 'id="reviews"' not in text_of(client, closed)
    Download.objects.filter(pk=download.pk).update(category=closed.category)
    assert "Before." in text_of(client, download)
    assert "Post comment" not in text_of(client, download)


def queries_of(client: Client, download: Download) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(download.path).status_code == 200
    return len(queries)


def test_pages_of_both_lists_are_independent_and_take_the_same_number_of_queries(
    download: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("releasehub.pages.parameters.PER_PAGE", 2)
    visitor, owner = Client(), signed_in(download.owner)
    empty, *counts = queries_of(visitor, download), queries_of(owner, download)
    for _ in range(3):
        make_comment(download)
        make_review(download, text="x")
        counts.append(queries_of(owner, download))
        assert queries_of(visitor, download) == empty + 2
    assert len(set(counts[1:])) == 1
    text = text_of(visitor, download, "comments=2&page=1")
    assert "?comments=1&amp;page=1#comments" in text
    assert "?comments=2&amp;page=1&amp;reviews=2#reviews" in text
    assert text.count('class="stars"') == 2


def test_the_author_of_a_rejected_text_reads_why(download: Download) -> None:
    held = make_download(title="Held", category=make_category("Held", holds_first_posts=True))
    user, other = make_user("ann"), make_user("bob")
    comment, review = make_comment(held, user, text="Buy this."), make_review(held, user, text="Buy that.")
    delete_contribution(actor=system(), row=comment, reason="Advertising.")
    delete_contribution(actor=Actor(user=user), row=review)
    text = text_of(signed_in(user), held)
    assert text.count("A moderator did not approve your text") == 1
    assert "Reason: Advertising." in text
    assert "Buy this." not in text
    for client in (signed_in(other), Client()):
        assert "did not approve" not in text_of(client, held)
