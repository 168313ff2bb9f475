"""Who sees, writes, changes and moderates comments and reviews."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.access import load_access
from downloads.models import Download
from downloads.services import set_team_member
from releasehub.community.models import Comment, Review
from releasehub.community.policies import contribution_policy
from releasehub.community.services import delete_contribution
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, Invalid, NotFound
from releasehub.publishing.deletion import delete_download
from tests.conftest import begin_with
from tests.factories import make_category, make_comment, make_download, make_review, make_user, system

pytestmark = pytest.mark.django_db


def populated() -> dict[str, Actor]:
    """Create comments and reviews in every state, about downloads that different users see."""
    people = {name: make_user(name) for name in ("owner", "partner", "author", "stranger")}
    checked = make_category(comments_need_approval=True)
    for category in (make_category(), checked, make_category(members_only=True)):
        for visibility in ("public", "private"):
            download = make_download(people["owner"], category=category)
            set_team_member(actor=system(), download=download, user=people["partner"], flags={"can_edit"})
            for row in (make_comment(download, people["author"]), make_review(download, people["author"])):
                assert row.is_shown == (category != checked)
            delete_contribution(actor=system(), row=make_comment(download, people["author"]))
            delete_contribution(actor=system(), row=make_review(download))
            Download.objects.filter(pk=download.pk).update(visibility=visibility)
    delete_download(actor=system(), download=make_comment(make_download(people["owner"])).download)
    moderator = make_user("mod", is_staff=True, permissions=("moderate_download",))
    some = frozenset(Download.all_objects.order_by("pk").values_list("pk", flat=True)[:3])
    return {name: Actor(user=user) for name, user in people.items()} | {
        "anonymous": Actor(),
        "moderator": Actor(user=moderator),
        "super key": Actor(is_super_key=True),
        "bound key": Actor(user=people["owner"], bound_download_ids=some),
        "bound moderator": Actor(user=moderator, bound_download_ids=some),
        "access key": Actor(granted_download_ids=some),
    }


@begin_with(populated)
@pytest.mark.parametrize("model", [Comment, Review])
def test_policy_and_querysets_agree(world: dict[str, Actor], model: Any) -> None:
    seen = {}
    for name, actor in world.items():
        load_access(actor, Download.all_objects.values_list("pk", flat=True))
        rows = list(model.all_objects.select_related("download__category"))
        seen[name] = {row.pk for row in rows if contribution_policy.can_view(actor, row)}
        assert set(model.all_objects.visible_to(actor).values_list("pk", flat=True)) == seen[name], name
        for download in Download.objects.visible_to(actor).select_related("category"):
            listed = set(model.all_objects.listed_in(actor, download).values_list("pk", flat=True))
            alive = {row.pk for row in rows if row.download_id == download.pk and not row.is_deleted}
            assert listed == alive & seen[name], name
    assert seen["anonymous"] < seen["author"] < seen["owner"] < seen["moderator"]
    assert seen["access key"] - seen["anonymous"]


@begin_with(populated)
def test_only_authors_and_moderators_change_texts_and_only_moderators_approve(world: dict[str, Actor]) -> None:
    comment = Comment.objects.get(author__username="author", state="moderated", download__visibility="public")
    allowed = {
        action: {name for name, actor in world.items() if contribution_policy.allows(action, actor, comment)}
        for action in ("edit", "delete", "approve", "restore")
    }
    moderators = {"moderator", "super key", "bound moderator"}
    assert allowed["edit"] == allowed["delete"] == {"author", *moderators}
    assert allowed["approve"] == allowed["restore"] == moderators
    erasing = {name for name, who in world.items() if contribution_policy.allows("delete", who, comment, hard=True)}
    assert erasing == {"super key"}


def refusal(actor: Actor, download: Download, what: str) -> type[Exception] | None:
    try:
        getattr(contribution_policy, f"ensure_{what}")(actor, download)
    except (Conflict, Denied, Invalid, NotFound) as error:
        return type(error)
    return None


def test_owner_and_team_comment_but_never_review_their_own_download() -> None:
    download, partner = make_download(), make_user()
    set_team_member(actor=system(), download=download, user=partner, flags={"can_upload"})
    for user in (download.owner, partner):
        assert refusal(Actor(user=user), download, "comment") is None
        assert refusal(Actor(user=user), download, "review") is Denied
        assert not contribution_policy.can_review(Actor(user=user), download)
    assert refusal(Actor(user=make_user()), download, "review") is None


def test_users_who_join_the_team_can_only_delete_their_earlier_review() -> None:
    review = make_review(rating=2)
    comment = make_comment(review.download, review.author)
    assert review.author is not None
    assert contribution_policy.can_edit(Actor(user=review.author), review)
    set_team_member(actor=system(), download=review.download, user=review.author, flags={"can_upload"})
    author = Actor(user=review.author)
    assert not contribution_policy.can_edit(author, review)
    assert contribution_policy.can_delete(author, review)
    assert contribution_policy.can_edit(author, comment)


@pytest.mark.parametrize("what", ["comment", "review"])
def test_category_and_state_of_the_download_decide_who_may_write(what: str) -> None:
    user = Actor(user=make_user())
    moderator = Actor(user=make_user(is_staff=True, permissions=("moderate_download",)))
    top = make_category(**{f"allows_{what}s": False})
    closed = make_download(category=make_category(parent=top))
    assert (refusal(user, closed, what), refusal(moderator, closed, what)) == (Denied, None)
    opened = make_download(category=make_category(parent=top, **{f"allows_{what}s": True}))
    assert (refusal(user, opened, what), refusal(Actor(), opened, what), refusal(system(), opened, what)) == (
        None,
        Invalid,
        Invalid,
    )
    hidden = make_download(visibility="private")
    assert refusal(user, hidden, what) is NotFound
    delete_download(actor=system(), download=opened)
    opened.refresh_from_db()
    assert (refusal(user, opened, what), refusal(moderator, opened, what)) == (NotFound, Conflict)


def test_people_who_may_edit_the_download_reply_to_reviews() -> None:
    download, partner, uploader = make_download(), make_user(), make_user()
    set_team_member(actor=system(), download=download, user=partner, flags={"can_edit"})
    set_team_member(actor=system(), download=download, user=uploader, flags={"can_upload"})
    review = make_review(download)
    users = [download.owner, partner, uploader, review.author]
    assert [contribution_policy.allows("reply", Actor(user=user), review) for user in users] == [
        True,
        True,
        False,
        False,
    ]
