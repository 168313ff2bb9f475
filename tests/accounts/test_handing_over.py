"""Transfer what a user owns, and merge two accounts of one person."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.models import Download, Share, TeamMember
from downloads.services import set_team_member, share_download
from releasehub.accounts.models import Membership, User
from releasehub.accounts.personal_data import counted
from releasehub.accounts.services.handing_over import merge_accounts, transfer_possessions
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.verification import InactiveKey, verify_key
from releasehub.audit.models import AuditEntry
from releasehub.community.models import Comment, Review, Watch
from releasehub.community.services.watching import watch
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, Invalid, NotFound, Rejected
from releasehub.importing.models import ImportSource
from releasehub.importing.services import add_source
from releasehub.publishing.deletion import delete_download
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Endpoint
from tests.factories import (
    make_category,
    make_comment,
    make_download,
    make_key,
    make_organization,
    make_review,
    make_user,
    system,
)

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
STAFF = ("view_user", "change_user")


@pytest.fixture
def clerk() -> Actor:
    return Actor(user=make_user("clerk", is_staff=True, permissions=STAFF))


@pytest.fixture
def old() -> User:
    return make_user("old")


@pytest.fixture
def new() -> User:
    return make_user("new")


def merge(actor: Actor, user: User, into: User, **options: Any) -> dict[str, int]:
    return merge_accounts(actor=actor, user=user, into=into, reason="one person", **options)


def own(user: User, organization: Any, role: str = "owner") -> None:
    Membership.objects.create(organization=organization, user=user, role=role)


def test_transfer_passes_on_downloads_and_organizations_alone(clerk: Actor, old: User, new: User) -> None:
    download, deleted = make_download(old), make_download(old)
    delete_download(actor=system(), download=deleted)
    organization = make_organization()
    own(old, organization)
    own(new, organization, "member")
    team = make_download()
    set_team_member(actor=system(), download=team, user=old, flags={"can_edit"})
    kinds = ("downloads", "organizations", "teams")  # the last kind cannot be transferred
    numbers = transfer_possessions(actor=clerk, giver=old, heir=new, kinds=kinds, reason="left")
    assert numbers == {"downloads": 2, "organizations": 1}
    assert set(Download.all_objects.filter(owner=new)) == {download, deleted}
    assert list(organization.memberships.values_list("user", "role")) == [(new.pk, "owner")]
    assert TeamMember.objects.get(download=team).user == old
    row = AuditEntry.objects.get(action="user.transfer")
    assert (row.target_id, row.reason, row.changes) == (old.pk, "left", {"to": new.pk, **numbers})
    assert AuditEntry.objects.filter(action="download.transfer").count() == 2


def test_transfer_is_refused_as_a_whole(clerk: Actor, old: User, new: User) -> None:
    make_download(old, category=make_category("Open"))
    make_download(old, category=make_category("Closed", accepts_downloads=False))
    with pytest.raises(Rejected, match="The category Closed accepts no downloads"):
        transfer_possessions(actor=clerk, giver=old, heir=new, kinds=["downloads"])
    assert Download.objects.filter(owner=old).count() == 2
    assert not AuditEntry.objects.filter(action__endswith="transfer").exists()


def test_nobody_transfers_from_an_account_with_more_rights(clerk: Actor, new: User) -> None:
    moderator = make_user(is_staff=True, permissions=("moderate_download",))
    make_download(moderator)
    for actor, error in ((clerk, Denied), (Actor(user=new), NotFound)):
        with pytest.raises(error):
            transfer_possessions(actor=actor, giver=moderator, heir=new, kinds=["downloads"])


@pytest.mark.parametrize("change", [{"is_active": False}, {}])
def test_heir_is_another_active_account(clerk: Actor, old: User, change: dict[str, Any]) -> None:
    make_download(old)
    with pytest.raises(Invalid):
        transfer_possessions(actor=clerk, giver=old, heir=make_user(**change) if change else old, kinds=["downloads"])


def test_merge_moves_everything_and_closes_the_account(clerk: Actor, old: User, new: User) -> None:
    mine, team, other = make_download(old), make_download(), make_download(visibility="private")
    set_team_member(actor=system(), download=team, user=old, flags={"can_edit"})
    set_team_member(actor=system(), download=team, user=new, flags={"can_upload"})
    share_download(actor=system(), download=other, user=old)
    own(old, organization := make_organization(), "admin")
    secret = make_key(old)
    create_endpoint(actor=Actor(user=old), url="https://93.184.215.14/hook", download_id=mine.pk)
    add_source(actor=Actor(user=old), download=mine, kind="github", address="acme/tool")
    comment, review = make_comment(team, old), make_review(make_download(), old)
    watch(actor=Actor(user=old), target=team)
    expected = dict.fromkeys((row.name for row, _ in counted(old)), 1) | {"texts": 2}
    assert merge(clerk, old, new) == expected
    mine.refresh_from_db()
    assert (mine.owner, TeamMember.objects.get(download=team).flags) == (new, {"can_edit", "can_upload"})
    assert (Share.objects.get().user, organization.memberships.get().user) == (new, new)
    assert (verify_key(secret).user, Endpoint.objects.get().created_by, Watch.objects.get().user) == (new, new, new)
    assert (Comment.objects.get(pk=comment.pk).author, Review.objects.get(pk=review.pk).author) == (new, new)
    assert ImportSource.objects.get().created_by == new
    old.refresh_from_db()
    assert (old.is_active, old.username, counted(old)) == (False, "old", [])
    rows = AuditEntry.objects.filter(action="user.merge").order_by("id")
    assert [(row.target_id, row.changes) for row in rows] == [
        (old.pk, {"into": new.pk, **expected}),
        (new.pk, {"from": old.pk, **expected}),
    ]


def test_merged_account_can_be_anonymized(clerk: Actor, old: User, new: User) -> None:
    own(old, make_organization())
    merge(clerk, old, new, anonymize=True)
    old.refresh_from_db()
    assert old.anonymized_at is not None


def test_reviews_that_the_heir_could_not_have_written_stay(clerk: Actor, old: User, new: User) -> None:
    twice = make_download()
    make_review(twice, new)
    stays = {make_review(twice, old), make_review(make_download(new), old)}
    moves = make_review(make_download(), old)
    assert merge(clerk, old, new) == {"texts": 1}
    assert set(Review.objects.filter(author=old)) == stays
    assert Review.objects.get(pk=moves.pk).author == new


def test_keys_do_not_get_the_rights_of_staff(old: User) -> None:
    """The holder of a key of the old account would otherwise act as a moderator."""
    secret = make_key(old)
    moderator = make_user(is_staff=True, permissions=("moderate_download",))
    merge(system(), old, moderator)
    with pytest.raises(InactiveKey):
        verify_key(secret)
    assert ApiKey.objects.get().user == old


def test_rights_as_staff_do_not_pass_on(old: User, new: User) -> None:
    moderator = make_user(is_staff=True, permissions=("moderate_download",))
    merge(system(), moderator, new)
    new = User.objects.get(pk=new.pk)
    assert (new.is_staff, new.has_perm("downloads.moderate_download")) == (False, False)


def test_merge_needs_rights_on_both_accounts(clerk: Actor, old: User, new: User) -> None:
    moderator = make_user(is_staff=True, permissions=("moderate_download",))
    for user, into in ((moderator, new), (old, moderator), (clerk.user, new)):
        with pytest.raises(Denied):
            merge(clerk, user, into)  # type: ignore[arg-type]
    with pytest.raises(Denied):
        merge(system(), make_user(is_superuser=True), new)
    assert not AuditEntry.objects.filter(action="user.merge").exists()
