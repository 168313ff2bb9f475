"""Grants, endpoints and stored responses of a user end with the permissions of that user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from downloads.models import AccessKey, Download, Share, StorePublication, TeamMember
from downloads.policies import download_policy
from downloads.services import (
    publish_to_store,
    remove_publisher,
    remove_share,
    remove_team_member,
    set_team_member,
    share_download,
    update_download,
)
from releasehub.accounts.models import Membership, User
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.services import create_role
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, Invalid, NotFound
from releasehub.distribution.access_keys import issue_access_key
from releasehub.distribution.links import file_path
from releasehub.distribution.presented_keys import KeyRefused, open_with_secret
from releasehub.publishing.releases import create_version
from releasehub.webhooks.claims import claim
from releasehub.webhooks.disabling import ABANDONED_REASON, disable_abandoned
from releasehub.webhooks.endpoint_states import resume_endpoint
from releasehub.webhooks.endpoints import create_endpoint, update_endpoint
from releasehub.webhooks.models import Delivery, Endpoint
from tests.conftest import ApiClient
from tests.factories import (
    make_category,
    make_download,
    make_file,
    make_key,
    make_organization,
    make_user,
    make_version,
    system,
)

pytestmark = pytest.mark.django_db
URL = "https://93.184.215.14/hook"


def acting(user: User) -> Actor:
    return Actor(user=user)


@pytest.fixture
def manager() -> User:
    return make_user("manager")


@pytest.fixture
def download(manager: User) -> Download:
    """A private download whose team `manager` may manage."""
    made = make_download(visibility="private")
    set_team_member(actor=system(), download=made, user=manager, flags=set(TeamMember.FLAGS))
    return made


def leave_team(download: Download, user: User) -> None:
    remove_team_member(actor=acting(download.owner), download=download, user=user)


def lose_flag(download: Download, user: User) -> None:
    set_team_member(actor=acting(download.owner), download=download, user=user, flags={"can_edit"})


def become_inactive(download: Download, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def leave_organization(download: Download, user: User) -> None:
    organization = make_organization(members=(download.owner,))
    Download.objects.filter(pk=download.pk).update(organization=organization)
    assert not Membership.objects.filter(user=user).exists()


WAYS = [leave_team, lose_flag, become_inactive, leave_organization]


@pytest.mark.parametrize("lose_rights", WAYS)
def test_shares_keys_and_endpoints_lapse_with_the_permissions_of_their_creator(
    download: Download, manager: User, lose_rights: Callable[[Download, User], None]
) -> None:
    friend, actor = make_user("friend"), acting(manager)
    share_download(actor=actor, download=download, user=friend)
    _, secret = issue_access_key(actor=actor, download=download, name="mine")
    create_endpoint(actor=actor, url=URL, download_id=download.pk)
    make_version(download, "1.0.0")
    assert can_see(friend, download)
    assert open_with_secret(acting(friend), secret)
    assert len(claim(5)) == 1
    Delivery.objects.update(lease_until=None)

    lose_rights(download, manager)

    assert not can_see(friend, download)
    with pytest.raises(KeyRefused):
        open_with_secret(acting(friend), secret)
    assert claim(5) == []
    assert disable_abandoned() == 1


def can_see(user: User, download: Download) -> bool:
    """Check the policy and its query set."""
    answer = download_policy.can_view(acting(user), download)
    assert Download.objects.visible_to(acting(user)).filter(pk=download.pk).exists() is answer
    return answer


@pytest.mark.parametrize("lose_rights", WAYS)
@pytest.mark.parametrize("is_public", [True, False])
def test_publication_in_a_store_lapses_with_the_permissions_of_its_creator(
    download: Download, manager: User, is_public: bool, lose_rights: Callable[[Download, User], None]
) -> None:
    reader = make_user("reader")
    store = make_organization(members=() if is_public else (reader,))
    Download.objects.filter(pk=download.pk).update(visibility="organization")
    download.refresh_from_db()
    publish_to_store(actor=system(), download=download, organization=store, is_public=is_public)
    StorePublication.objects.update(created_by=manager)
    assert can_see(reader, download)
    lose_rights(download, manager)
    assert not can_see(reader, download)
    publish_to_store(actor=system(), download=download, organization=store, is_public=is_public)
    assert can_see(reader, download)


def test_grants_of_owner_staff_and_site_stay_valid(download: Download) -> None:
    moderator = make_user("staff", is_staff=True, permissions=("moderate_download", "change_endpoint"))
    friends = [make_user() for _ in range(3)]
    for actor, friend in zip((acting(download.owner), acting(moderator), system()), friends, strict=True):
        share_download(actor=actor, download=download, user=friend)
        _, secret = issue_access_key(actor=actor, download=download, name="key")
        create_endpoint(actor=actor, url=URL, download_id=download.pk)
        assert can_see(friend, download)
        assert open_with_secret(acting(friend), secret)
    make_version(download, "1.0.0")
    assert len(claim(5)) == 3
    assert disable_abandoned() == 0


def test_owner_who_resumes_an_abandoned_endpoint_becomes_its_creator(download: Download, manager: User) -> None:
    endpoint, _ = create_endpoint(actor=acting(manager), url=URL, download_id=download.pk)
    leave_team(download, manager)
    disable_abandoned()
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == ABANDONED_REASON
    resumed = resume_endpoint(actor=acting(download.owner), endpoint=endpoint)
    assert resumed.created_by == download.owner
    make_version(download, "1.0.0")
    assert len(claim(5)) == 1


def test_endpoint_of_the_site_ends_with_the_permission_of_its_creator() -> None:
    staff = make_user("staff", is_staff=True, permissions=("change_endpoint",))
    create_endpoint(actor=acting(staff), url=URL)
    assert disable_abandoned() == 0
    staff.user_permissions.clear()
    assert disable_abandoned() == 1


def test_endpoint_of_an_organization_ends_with_the_role_of_its_creator() -> None:
    admin = make_user("admin")
    organization = make_organization()
    member = Membership.objects.create(organization=organization, user=admin, role=Membership.Role.ADMIN)
    create_endpoint(actor=acting(admin), url=URL, organization=organization)
    assert disable_abandoned() == 0
    member.delete()
    assert disable_abandoned() == 1


def test_owner_endpoint_is_not_disabled_after_a_deletion(download: Download) -> None:
    endpoint, _ = create_endpoint(actor=acting(download.owner), url=URL, download_id=download.pk)
    download.mark_deleted(by=None, reason="")
    assert disable_abandoned() == 0
    assert Endpoint.objects.get(pk=endpoint.pk).disabled_at is None


def test_former_owner_loses_all_access(download: Download, manager: User) -> None:
    """Grants of the former owner stay valid through the new owner, and the former owner loses all access."""
    former, customer = download.owner, make_user("customer")
    share_download(actor=acting(former), download=download, user=customer)
    _, secret = issue_access_key(actor=acting(former), download=download, name="customer")
    create_endpoint(actor=acting(former), url=URL, download_id=download.pk)
    remove_publisher(actor=acting(former), download=download, user=former)
    download.refresh_from_db()
    assert download.owner == manager
    assert not can_see(former, download)
    assert can_see(customer, download)
    assert open_with_secret(acting(customer), secret)
    assert disable_abandoned() == 1


def test_change_of_a_former_owner_that_waited_for_the_lock_is_refused(download: Download, manager: User) -> None:
    owner = acting(download.owner)

    def lock_late(row: Download) -> Download:
        Download.objects.filter(pk=row.pk).update(owner=manager)
        return Download.objects.get(pk=row.pk)

    download_policy.ensure("edit", owner, download)
    with pytest.raises(NotFound):
        download_policy.ensure_locked("edit", owner, download, lock_late)


def test_endpoint_of_the_owner_ends_with_the_member_who_changed_its_url(download: Download, manager: User) -> None:
    """Otherwise a member could lead the events of the download elsewhere before leaving the team."""
    endpoint, _ = create_endpoint(actor=acting(download.owner), url=URL, download_id=download.pk)
    update_endpoint(actor=acting(manager), endpoint=endpoint, title="Renamed")
    update_endpoint(actor=acting(manager), endpoint=endpoint, url=URL)
    endpoint.refresh_from_db()
    assert endpoint.created_by == download.owner
    update_endpoint(actor=acting(manager), endpoint=endpoint, url=f"{URL}/of-the-manager")
    assert disable_abandoned() == 0
    remove_team_member(actor=system(), download=download, user=manager)
    assert disable_abandoned() == 1
    entry = AuditEntry.objects.filter(action="endpoint.update").latest("id")
    assert entry.changes["created_by"] == [download.owner_id, manager.pk]
    resume_endpoint(actor=acting(download.owner), endpoint=endpoint)
    assert disable_abandoned() == 0


def end_of_team(user: User) -> None:
    TeamMember.objects.filter(user=user).delete()


def end_of_membership(user: User) -> None:
    Membership.objects.filter(user=user).delete()


WAITING: dict[str, tuple[Callable[[Actor, Download], object], Callable[[User], None]]] = {
    "team": (
        lambda actor, row: set_team_member(actor=actor, download=row, user=make_user(), flags={"can_manage_team"}),
        end_of_team,
    ),
    "team of an organization": (
        lambda actor, row: set_team_member(actor=actor, download=row, user=make_user(), flags={"can_manage_team"}),
        end_of_membership,
    ),
    "removal": (lambda actor, row: remove_team_member(actor=actor, download=row, user=actor.user), end_of_membership),
    "title": (lambda actor, row: update_download(actor=actor, download=row, title="New"), end_of_team),
    "version": (lambda actor, row: create_version(actor=actor, download_id=row.pk, number="9.0"), end_of_team),
    "role": (
        lambda actor, row: create_role(
            actor=actor, organization=row.organization, name="Role", scopes=["members:invite"]
        ),
        end_of_membership,
    ),
}


@pytest.mark.parametrize("name", WAITING)
def test_change_that_waited_for_a_lock_is_refused_if_the_right_ended_meanwhile(name: str) -> None:
    """The rights were read before the lock, and the policies must not use what they remember of them after it."""
    change, end = WAITING[name]
    user = make_user()
    organization = make_organization()
    Membership.objects.create(organization=organization, user=user, role=Membership.Role.ADMIN)
    download = make_download(visibility="private", organization=organization)
    set_team_member(actor=system(), download=download, user=user, flags=set(TeamMember.FLAGS))
    actor = acting(user)
    download_policy.ensure("manage_team", actor, download)
    organization_policy.ensure("manage_roles", actor, organization)
    end(user)
    with pytest.raises((Denied, NotFound)):
        change(actor, download)


def test_owner_removes_any_share(download: Download, manager: User) -> None:
    share = share_download(actor=acting(manager), download=download, user=make_user())
    other = make_user("other manager")
    set_team_member(actor=system(), download=download, user=other, flags={"can_manage_team"})
    with pytest.raises(Denied):
        remove_share(actor=acting(other), share=share)
    remove_share(actor=acting(download.owner), share=share)
    assert not Share.objects.exists()


def test_sharing_again_revives_a_share_whose_creator_left(download: Download, manager: User) -> None:
    friend = make_user("friend")
    share_download(actor=acting(manager), download=download, user=friend)
    leave_team(download, manager)
    share_download(actor=acting(download.owner), download=download, user=friend)
    assert can_see(friend, download)
    assert Share.objects.get().created_by == download.owner


def test_void_key_refuses_bytes_over_http(download: Download, manager: User) -> None:
    file = make_file(make_version(download, "1.0.0"))
    _, secret = issue_access_key(actor=acting(manager), download=download, name="mine")
    answer: Any = Client().get(file_path(file), {"key": secret})
    assert (answer.status_code, answer.getvalue()[:7]) in {(200, b"content"), (302, b"")}
    leave_team(download, manager)
    assert Client().get(file_path(file), {"key": secret}).status_code == 403
    assert AccessKey.objects.with_standing().get().state == AccessKey.State.VOID


def test_super_user_key_lapses_when_its_user_is_no_administrator() -> None:
    admin = make_user("admin", is_superuser=True)
    client = ApiClient(make_key(admin, is_super_user=True))
    assert client.get("/api/mc-dm-downloads/").status_code == 200
    User.objects.filter(pk=admin.pk).update(is_superuser=False)
    assert client.get("/api/mc-dm-downloads/").status_code == 403


def test_super_user_key_is_not_issued_to_others() -> None:
    with pytest.raises(Invalid, match="not a site administrator"):
        make_key(make_user("ann"), is_super_user=True)


def test_answer_is_not_replayed_to_a_removed_member(download: Download, manager: User) -> None:
    client = ApiClient(make_key(manager))
    body = {"download_id": download.pk, "url": URL}

    def ask() -> Any:
        return client.send("post", "/api/mc-dm-webhooks/", body, headers={"Idempotency-Key": "once"})

    first = ask()
    assert first.status_code == 200, first.content
    again = ask()
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    leave_team(download, manager)
    refused = ask()
    assert refused.status_code == 404
    assert b"whsec_" not in refused.content


def test_answer_is_not_replayed_with_fewer_flags(download: Download, manager: User) -> None:
    client, body = ApiClient(make_key(manager)), {"download_id": download.pk, "version_string": "1.0"}
    headers = {"Idempotency-Key": "once"}
    assert client.send("post", "/api/mc-dm-versions/", body, headers=headers).status_code == 200
    lose_flag(download, manager)
    assert client.send("post", "/api/mc-dm-versions/", body, headers=headers).status_code == 403


@pytest.mark.parametrize("hard", [False, True])
def test_idempotent_deletion_is_replayed_after_the_target_was_deleted(download: Download, hard: bool) -> None:
    path = f"/api/mc-dm-downloads/{download.pk}/"
    client = ApiClient(make_key(download.owner))
    for _ in range(2):
        answer = client.send("delete", path, {"hard": hard}, headers={"Idempotency-Key": "once"})
        assert answer.status_code == 200, answer.content


def test_creation_is_not_replayed_to_a_former_owner() -> None:
    owner, category = make_user("owner"), make_category()
    client, body = ApiClient(make_key(owner)), {"category_id": category.pk, "title": "Tool", "tag_line": "x"}
    headers = {"Idempotency-Key": "once"}
    first = client.send("post", "/api/mc-dm-downloads/", body | {"description": "d"}, headers=headers)
    assert first.status_code == 200, first.content
    Download.objects.update(owner=make_user("heir"))
    again = client.send("post", "/api/mc-dm-downloads/", body | {"description": "d"}, headers=headers)
    assert again.status_code == 403


def test_team_rights_beyond_own_rights_cannot_be_granted_or_revoked(download: Download, manager: User) -> None:
    chief, user = make_user("chief"), make_user("user")
    set_team_member(actor=system(), download=download, user=chief, flags={"can_manage_team", "can_edit"})
    actor = acting(chief)
    set_team_member(actor=actor, download=download, user=user, flags={"can_edit"})
    for target, flags in ((user, {"can_upload"}), (chief, {"can_manage_team", "can_upload"}), (manager, {"can_edit"})):
        with pytest.raises(Denied, match="that you have yourself"):
            set_team_member(actor=actor, download=download, user=target, flags=flags)
    with pytest.raises(Denied, match="that you have yourself"):
        remove_team_member(actor=actor, download=download, user=manager)
    remove_team_member(actor=actor, download=download, user=user)
    assert set(TeamMember.objects.values_list("user__username", flat=True)) == {"manager", "chief"}


def test_editor_cannot_make_a_download_public_by_moving_it() -> None:
    closed, opened = make_category(members_only=True), make_category()
    download, editor = make_download(category=closed), make_user("editor")
    set_team_member(actor=system(), download=download, user=editor, flags={"can_edit"})
    with pytest.raises(Denied):
        update_download(actor=acting(editor), download=download, category=opened)
    update_download(actor=acting(download.owner), download=download, category=opened)
    update_download(actor=acting(editor), download=download, category=closed)
