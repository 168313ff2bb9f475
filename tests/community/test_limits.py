"""Limits against spam."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from releasehub.community.models import Comment
from releasehub.community.services import create_comment, edit_comment, edit_review
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Invalid, Rejected, TooMany
from tests.factories import make_comment, make_download, make_review, make_user

pytestmark = pytest.mark.django_db
LINKS = "See https://a.example, HTTP://b.example and www.c.example."
LONG = "The same long text about every download of this hub."


@pytest.fixture(autouse=True)
def one_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.core.counting.time.time", lambda: 1_700_000_000.0)


def test_texts_of_one_user_in_an_hour_are_limited(settings: Any) -> None:
    settings.COMMENTS_PER_HOUR = 3
    comment = make_comment()
    make_review(author=comment.author)
    edit_comment(actor=Actor(user=comment.author), comment=comment, text="Changed.")
    with pytest.raises(TooMany) as refused:
        make_comment(author=comment.author)
    assert 0 < refused.value.wait <= 3600
    make_comment(comment.download)
    settings.COMMENTS_PER_HOUR = 0
    make_comment(author=comment.author)


def test_texts_about_one_download_in_an_hour_are_limited_except_for_moderators(settings: Any) -> None:
    settings.DOWNLOAD_COMMENTS_PER_HOUR = 2
    download = make_download()
    make_comment(download)
    make_comment(download)
    with pytest.raises(TooMany, match="too many new comments"):
        make_review(download)
    make_comment(download, make_user(is_staff=True, permissions=("moderate_download",)))
    make_comment()


@pytest.mark.parametrize("text", ["", " \n ", "\x00", "x" * 51])
def test_empty_and_long_comments_are_invalid(text: str, settings: Any) -> None:
    settings.MAX_COMMENT_CHARACTERS = 50
    with pytest.raises(Invalid) as refused:
        create_comment(actor=Actor(user=make_user()), download=make_download(), text=text)
    assert refused.value.field == "text"
    make_comment(text="x" * 50)


def test_reviews_have_a_shortest_and_a_longest_text(settings: Any) -> None:
    settings.MIN_REVIEW_CHARACTERS, settings.MAX_REVIEW_CHARACTERS = 5, 10
    for text in ("", "four", "x" * 11):
        with pytest.raises(Invalid):
            make_review(text=text)
    review = make_review(text="x" * 5)
    settings.MIN_REVIEW_CHARACTERS = 6
    edit_review(actor=Actor(user=review.author), review=review, rating=1)


def test_new_users_write_few_links() -> None:
    user, download = make_user(), make_download()
    with pytest.raises(Rejected, match="2 links"):
        make_comment(download, user, text=LINKS)
    comment = make_comment(download, user, text="See https://a.example and www.c.example.")
    with pytest.raises(Rejected, match="2 links"):
        edit_comment(actor=Actor(user=user), comment=comment, text=LINKS)
    make_comment(download, download.owner, text=LINKS)
    make_review(download, user)
    make_review(author=user)
    make_comment(download, user, text=LINKS)


def test_repeated_texts_are_refused() -> None:
    comment = make_comment(text="Thank you!")
    make_comment(author=comment.author, text="Thank you!")
    make_comment(comment.download, text="Thank you!")
    with pytest.raises(Conflict, match="same text"):
        make_comment(comment.download, comment.author, text=" Thank you!")
    make_comment(author=comment.author, text=LONG)
    with pytest.raises(Conflict, match="same text"):
        make_review(author=comment.author, text=LONG)
    review = make_review(author=comment.author, text=LONG.upper())
    with pytest.raises(Conflict, match="same text"):
        make_comment(author=review.author, text=LONG.upper())
    make_review(author=comment.author)
    make_review(author=comment.author)


def test_a_text_is_not_repeated_by_changing_others() -> None:
    user = make_user()
    comments = [make_comment(make_download(), user, text=f"Text {number}.") for number in range(2)]
    review = make_review(author=user, text="Text 3.")
    Comment.all_objects.update(created_at=timezone.now() - timedelta(days=9))
    edit_comment(actor=Actor(user=user), comment=comments[0], text=LONG)
    edit_comment(actor=Actor(user=user), comment=comments[0], text=LONG)
    with pytest.raises(Conflict, match="same text"):
        edit_comment(actor=Actor(user=user), comment=comments[1], text=LONG)
    with pytest.raises(Conflict, match="same text"):
        edit_review(actor=Actor(user=user), review=review, text=LONG)
    edit_review(actor=Actor(user=user), review=review, rating=1)
