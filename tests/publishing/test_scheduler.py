"""A scheduled version is published only if the account that scheduled it may still publish it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from downloads.models import Download, TeamMember
from downloads.services import update_category
from downloads.services.ownership import hand_over
from releasehub.accounts.models import User
from releasehub.accounts.services.handing_over import merge_accounts
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import publish_due_versions
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.factories import make_download, make_user, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db


def scheduled(download: Download, actor: Actor) -> Version:
    version = make_version(download, state="draft", files=1)
    return move(Move.SCHEDULE, actor=actor, version=version, publish_at=timezone.now() + timedelta(hours=1))


def helper_of(download: Download) -> User:
    user = make_user()
    TeamMember.objects.create(download=download, user=user, can_manage_versions=True)
    return user


def state_when_due(version: Version) -> str:
    Version.objects.filter(pk=version.pk).update(publish_at=timezone.now() - timedelta(seconds=1))
    publish_due_versions()
    version.refresh_from_db()
    assert (version.publish_at, version.scheduled_by) == (None, None)
    return version.state


def leave(user: User) -> None:
    TeamMember.objects.filter(user=user).delete()


def lose_right(user: User) -> None:
    TeamMember.objects.filter(user=user).update(can_manage_versions=False, can_edit=True)


def be_blocked(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def test_schedule_of_a_member_is_carried_out() -> None:
    download = make_download()
    version = scheduled(download, Actor(user=(user := helper_of(download))))
    assert version.scheduled_by == user
    assert state_when_due(version) == "published"


@pytest.mark.parametrize("end", [leave, lose_right, be_blocked])
def test_schedule_ends_with_the_right_of_its_author(end: Callable[[User], None]) -> None:
    download = make_download()
    user = helper_of(download)
    version = scheduled(download, Actor(user=user))
    end(user)
    assert state_when_due(version) == "draft"
    entry = AuditEntry.objects.latest("id")
    reason = "The account that scheduled this version may no longer publish it."
    assert (entry.action, entry.reason) == ("version.unpublish", reason)
    assert Event.objects.latest("id").type == "version.unpublished"


def test_blocked_owner_publishes_nothing() -> None:
    download = make_download()
    version = scheduled(download, Actor(user=download.owner))
    be_blocked(download.owner)
    assert state_when_due(version) == "draft"


def test_schedule_that_another_member_changed_is_theirs() -> None:
    download = make_download()
    user = helper_of(download)
    version = scheduled(download, Actor(user=user))
    moment = version.publish_at
    version = move(Move.SCHEDULE, actor=Actor(user=download.owner), version=version, publish_at=moment)
    leave(user)
    assert state_when_due(version) == "published"


def test_schedule_in_a_category_that_asks_for_approval_since_then_waits_for_it() -> None:
    download = make_download()
    version = scheduled(download, Actor(user=download.owner))
    update_category(actor=system(), category=download.category, requires_approval=True)
    assert state_when_due(version) == "pending"


def test_schedule_without_an_account_is_carried_out() -> None:
    assert state_when_due(scheduled(make_download(), system())) == "published"


def test_schedule_in_the_future_stays_although_its_author_left() -> None:
    download = make_download()
    user = helper_of(download)
    version = scheduled(download, Actor(user=user))
    leave(user)
    assert publish_due_versions() == (0, [])
    version.refresh_from_db()
    assert version.state == "scheduled"


def test_schedule_of_the_owner_stays_in_force_with_the_next_owner() -> None:
    download, heir = make_download(), make_user()
    version = scheduled(download, Actor(user=download.owner))
    hand_over(actor=system(), download=download, heir=heir)
    version.refresh_from_db()
    assert version.scheduled_by == heir
    assert state_when_due(version) == "published"


def test_schedule_of_a_member_stays_in_force_when_the_accounts_are_merged() -> None:
    download, heir = make_download(), make_user()
    version = scheduled(download, Actor(user=(user := helper_of(download))))
    merge_accounts(actor=system(), user=user, into=heir)
    version.refresh_from_db()
    assert version.scheduled_by == heir
    assert state_when_due(version) == "published"
