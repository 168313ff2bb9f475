"""Organizations, their stores, members and roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from downloads.services import remove_team_member, set_team_member
from releasehub.accounts.models import Invitation, Membership, Organization, Role
from releasehub.accounts.services import accept_invitation, create_role
from releasehub.apikeys.scopes import Scope
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from tests.api.entity.world import World
from tests.conftest import ApiClient, Ready
from tests.factories import make_organization, make_user, system

pytestmark = pytest.mark.django_db
URL = "/api/organizations"


@pytest.fixture(scope="module")
def ready(make_ready: Any) -> Iterator[Ready]:
    with make_ready(World) as made:
        yield made


def of(organization: Organization, path: str = "") -> str:
    return f"{URL}/{organization.public_id}{path}"


def publish(world: World, organization: Organization, client: ApiClient | None = None, **fields: Any) -> Any:
    body = {"entityId": world.entity.public_id} | fields
    return (client or world.client).send("post", of(organization, "/store"), body)


def named(organization: Organization, user: Any, *scopes: str) -> None:
    """Give the member a role with these scopes."""
    role = create_role(actor=system(), organization=organization, name=f"Role of {user}", scopes=scopes)
    Membership.objects.filter(organization=organization, user=user).update(named_role=role)


def test_staff_create_organizations_and_own_them(world: World) -> None:
    staff = make_user(permissions=("add_organization",), is_staff=True)
    client = world.as_user(staff)
    answer = client.send("post", URL, {"name": "Northwind Tools", "slug": None})
    assert (answer.status_code, answer.json()["organization"]["slug"]) == (201, "northwind-tools")
    assert Membership.objects.get(user=staff).role == "owner"
    shown = client.get(f"{URL}/{answer.json()['organization']['id']}")
    assert shown.json()["organization"] == answer.json()["organization"]
    assert shown["ETag"].partition(".")[0] == answer["ETag"].partition(".")[0]  # the part that If-Match compares
    assert client.send("post", URL, {"name": "Other", "slug": "northwind-tools"}).status_code == 409
    for body, field in (({"name": "製品"}, "slug"), ({"slug": "a"}, "name")):
        refused = client.send("post", URL, body)
        assert (refused.status_code, field in refused.json()["message"]) == (400, True)


@pytest.mark.embedded
def test_others_create_no_organization(world: World) -> None:
    staff = make_user(permissions=("add_organization",), is_staff=True)
    weak = world.as_user(staff, scopes=[Scope.ENTITIES_PUBLISH])
    before = Organization.objects.count()
    assert [client.send("post", URL, {"name": "One"}).status_code for client in (world.client, weak)] == [403, 403]
    assert Organization.objects.count() == before


def test_list_contains_own_organizations_only(world: World) -> None:
    mine = world.organization()
    make_organization()
    found = world.client.get(URL).json()
    assert ([row["id"] for row in found["organizations"]], found["total"]) == ([mine.public_id], 1)
    assert world.client.get(f"{URL}?search={mine.slug}").json()["total"] == 1
    assert world.client.get(f"{URL}?search=other").json()["total"] == 0


def test_members_see_members_roles_and_storage(world: World) -> None:
    plain = make_user(email="plain@example.org")
    organization = world.organization("owner", plain)
    shown = world.client.get(of(organization)).json()
    assert {row["role"] for row in shown["members"]} == {"Admin", "Member"}
    assert [row["name"] for row in shown["roles"]] == ["Admin", "Member"]
    assert shown["storage_config"]["provider"] == "platform"
    seen = world.as_user(plain).get(of(organization)).json()
    assert {row["email"] for row in seen["members"]} == {"plain@example.org", None}


@pytest.mark.embedded
def test_organization_is_404_for_others() -> None:
    organization, stranger = make_organization(), World().as_user(make_user())
    for path in ("", "/roles", "/storage-config", "/store"):
        assert stranger.get(of(organization, path)).status_code == 404
    assert stranger.get(f"{URL}/nothing").status_code == 404


@pytest.mark.embedded
def test_storage_provider_is_the_platform(world: World) -> None:
    organization = world.organization()
    url = of(organization, "/storage-config")
    assert world.client.send("post", url, {"provider": "platform"}).json() == world.client.get(url).json()
    answer = world.client.send("post", url, {"provider": "s3", "bucket_name": "mine"})
    assert (answer.status_code, answer.json()["error"]) == (422, "storage_external")


@pytest.mark.embedded
def test_storage_needs_the_right_to_settings(world: World) -> None:
    organization = world.organization("member")
    assert world.client.send("post", of(organization, "/storage-config"), {"provider": "platform"}).status_code == 403


def test_store_opens_an_entity_to_members(world: World) -> None:
    colleague = make_user()
    organization = world.organization("admin", colleague)
    assert world.as_user(colleague).get(world.url).status_code == 404
    assert publish(world, organization).status_code == 201
    assert world.as_user(colleague).get(world.url).status_code == 200
    assert world.as_user(make_user()).get(world.url).status_code == 404


def test_public_store_shows_the_entity_to_all_signed_in_users(world: World) -> None:
    organization = world.organization()
    publish(world, organization)
    answer = publish(world, organization, isPublic=True)
    assert (answer.status_code, answer.json()["publication"]["isPublic"]) == (200, True)
    stranger = world.as_user(make_user())
    assert stranger.get(world.url).status_code == 200
    assert stranger.get(of(organization, "/store")).json()["total"] == 1
    assert ApiClient().get(world.url).status_code == 401


def test_publishing_again_changes_nothing(world: World) -> None:
    organization = world.organization()
    assert [publish(world, organization).status_code for _ in range(2)] == [201, 200]
    assert AuditEntry.objects.filter(action="store.update").count() == 1


def test_removal_from_the_last_store_makes_the_entity_private(world: World) -> None:
    first, second = world.organization(), world.organization()
    body = {"entityId": world.entity.public_id}
    for organization, visibility in ((first, "organization"), (second, "private")):
        publish(world, first)
        publish(world, second)
        assert world.client.send("delete", of(organization, "/store"), body).status_code == 204
        if organization == second:
            assert world.client.send("delete", of(first, "/store"), body).status_code == 204
        world.entity.refresh_from_db()
        assert world.entity.visibility == visibility
    assert world.client.send("delete", of(first, "/store"), body).status_code == 404


@pytest.mark.embedded
def test_owner_withdraws_an_entity_from_the_store_of_others(world: World) -> None:
    """A former member of the team has put it into the store of an organization that the owner does not belong to."""
    manager, stranger = make_user(), make_user()
    others = make_organization(members=(manager,))
    Membership.objects.filter(user=manager).update(role="owner")
    set_team_member(actor=system(), download=world.entity, user=manager, flags={"can_manage_team"})
    assert publish(world, others, world.as_user(manager)).status_code == 201
    remove_team_member(actor=system(), download=world.entity, user=manager)
    url, body = of(others, "/store"), {"entityId": world.entity.public_id}
    assert world.as_user(stranger).send("delete", url, body).status_code == 404
    # The publication lost its force with the manager's right, so the store no longer shows the entity to the manager.
    assert world.as_user(manager).get(world.url).status_code == 404
    assert world.as_user(manager).send("delete", url, body).status_code == 404
    assert world.client.send("delete", url, body).status_code == 204
    unknown = world.client.send("delete", f"{URL}/nothing/store", body)
    assert (unknown.status_code, world.client.send("delete", url, body).json()) == (404, unknown.json())


@pytest.mark.embedded
def test_store_needs_the_scope_of_the_role(world: World) -> None:
    organization = world.organization("member")
    assert publish(world, organization).status_code == 403
    named(organization, world.owner, "entities:share_store")
    assert publish(world, organization).status_code == 201


@pytest.mark.embedded
def test_store_needs_the_scope_of_the_key(world: World) -> None:
    organization = world.organization()
    client = world.as_user(world.owner, scopes=[Scope.ENTITIES_PUBLISH])
    assert publish(world, organization, client).status_code == 403


@pytest.mark.embedded
def test_store_accepts_own_entities_only(world: World) -> None:
    colleague = make_user()
    organization = world.organization("admin", colleague)
    publish(world, organization)
    Membership.objects.filter(user=colleague).update(role="admin")
    assert publish(world, organization, world.as_user(colleague), isPublic=True).status_code == 403


@pytest.mark.embedded
def test_store_of_another_organization_is_not_found(world: World) -> None:
    assert publish(world, make_organization()).status_code == 404


@pytest.mark.embedded
def test_bound_key_sees_no_organization(world: World) -> None:
    organization = world.organization()
    client = world.as_user(world.owner, download_ids=[world.entity.pk])
    assert client.get(URL).json()["total"] == 0
    assert publish(world, organization, client).status_code == 404


def test_store_lists_with_the_active_version(world: World) -> None:
    organization = world.organization()
    made = world.pushed(set_as_active=True)
    publish(world, organization)
    (found,) = world.client.get(of(organization, "/store?type=app")).json()["entities"]
    assert (found["entityId"], found["activeVersion"]) == (world.entity.public_id, made["version"])
    shown = world.client.get(of(organization, f"/store/{world.entity.public_id}")).json()
    assert shown["publication"] == found
    assert world.client.get(of(organization, "/store?type=service")).json()["total"] == 0


@pytest.mark.embedded
def test_queries_do_not_grow_with_the_store(world: World) -> None:
    organization = world.organization()

    def queries(number: int) -> int:
        for _ in range(number):
            world.entity = world.make_entity()
            assert publish(world, organization).status_code == 201
        with CaptureQueriesContext(connection) as captured:
            assert world.client.get(of(organization, "/store?pageSize=100")).status_code == 200
        return len(captured)

    assert queries(1) == queries(4)


def invite(world: World, organization: Organization, email: str, **fields: Any) -> Any:
    return world.client.send("post", of(organization, "/members"), {"email": email} | fields)


def role(world: World, organization: Organization, user: Any, role_id: str) -> Any:
    return world.client.send("put", of(organization, f"/members/{user.public_id}/role"), {"role_id": role_id})


def remove(client: ApiClient, organization: Organization, user: Any) -> Any:
    return client.send("delete", of(organization, f"/members/{user.public_id}"))


def test_member_is_added_with_a_role_that_can_be_changed(world: World) -> None:
    organization, user = world.organization(), make_user(email="new@example.org")
    answer = invite(world, organization, "New@example.org")
    assert (answer.status_code, answer.json()["member"]["role"]) == (201, "Member")
    assert not Membership.objects.filter(user=user).exists()
    accept_invitation(actor=Actor(user=user), invitation=Invitation.objects.get())
    assert role(world, organization, user, "admin").json()["member"]["role_id"] == "admin"
    assert invite(world, organization, "new@example.org").status_code == 409
    actions = AuditEntry.objects.filter(action__startswith="member.").order_by("id")
    assert list(actions.values_list("action", flat=True)) == ["member.add", "member.update"]


def test_response_to_an_invitation_is_the_same_with_and_without_an_account(world: World) -> None:
    organization = world.organization()
    make_user(email="known@example.org")
    invite(world, organization, "first@example.org")  # the first request notes that the key was used
    answers = []
    for name in ("known", "other"):
        with CaptureQueriesContext(connection) as queries:
            answer = invite(world, organization, f"{name}@example.org")
        found = answer.json()
        assert (answer.status_code, found["member"]["user_id"], found["member"]["username"]) == (201, None, None)
        assert found.pop("invitation").keys() == {"id", "created_at", "expires_at"}
        answers.append((answer.headers.keys(), str(found).replace(name, "x"), len(queries)))
    assert answers[0] == answers[1]


@pytest.mark.embedded
def test_unknown_role_is_404(world: World) -> None:
    organization = world.organization()
    make_user(email="new@example.org")
    assert invite(world, organization, "new@example.org", role_id="nothing").status_code == 404
    assert role(world, organization, make_user(), "admin").status_code == 404


@pytest.mark.embedded
def test_plain_members_cannot_manage_members(world: World) -> None:
    colleague = make_user(email="c@example.org")
    organization = world.organization("member", colleague)
    assert invite(world, organization, "c@example.org").status_code == 403
    assert role(world, organization, colleague, "admin").status_code == 403
    assert remove(world.client, organization, colleague).status_code == 403


@pytest.mark.embedded
def test_users_cannot_grant_scopes_they_lack(world: World) -> None:
    organization = world.organization("member", make_user(email="c@example.org"))
    named(organization, world.owner, "members:invite", "members:manage_roles")
    make_user(email="new@example.org")
    assert invite(world, organization, "new@example.org", role_id="admin").status_code == 403
    assert role(world, organization, world.owner, "admin").status_code == 403
    body = {"name": "Mine", "scope_ids": ["org:settings"]}
    assert world.client.send("post", of(organization, "/roles"), body).status_code == 403
    assert invite(world, organization, "new@example.org").status_code == 201


@pytest.mark.embedded
def test_removing_needs_the_scope_but_leaving_does_not(world: World) -> None:
    colleague = make_user()
    organization = world.organization("owner", colleague)
    reading = world.as_user(colleague, scopes=[Scope.DOWNLOAD_READ])
    assert remove(reading, organization, world.owner).status_code == 403
    assert remove(reading, organization, colleague).status_code == 204
    assert not Membership.objects.filter(user=colleague).exists()


@pytest.mark.embedded
def test_last_admin_cannot_leave(world: World) -> None:
    organization = world.organization("owner", make_user())
    answer = remove(world.client, organization, world.owner)
    assert (answer.status_code, answer.json()["error"]) == (409, "member_last_admin")
    assert role(world, organization, world.owner, "member").status_code == 409


@pytest.mark.embedded
def test_admins_do_not_remove_owners(world: World) -> None:
    owner = make_user()
    organization = world.organization("admin", owner)
    Membership.objects.filter(user=owner).update(role="owner")
    assert remove(world.client, organization, owner).status_code == 403
    assert role(world, organization, owner, "member").status_code == 403


def test_role_is_created_changed_and_deleted(world: World) -> None:
    organization = world.organization()
    url = of(organization, "/roles")
    answer = world.client.send("post", url, {"name": "Sharer", "scope_ids": ["entities:share"]})
    made = answer.json()["role"]
    assert (answer.status_code, made["scope_ids"], made["is_built_in"]) == (201, ["entities:share"], False)
    changed = world.client.send("patch", f"{url}/{made['id']}", {"scope_ids": []}).json()["role"]
    assert (changed["name"], changed["scope_ids"]) == ("Sharer", [])
    assert world.client.get(f"{url}/{made['id']}").json()["role"] == changed
    assert world.client.send("delete", f"{url}/{made['id']}").status_code == 204
    assert [row["id"] for row in world.client.get(url).json()["roles"]] == ["admin", "member"]
    actions = AuditEntry.objects.filter(action__startswith="role.").order_by("id")
    assert list(actions.values_list("action", flat=True)) == ["role.create", "role.update", "role.delete"]


@pytest.mark.embedded
def test_role_returns_scopes_of_the_original_system_which_allow_nothing(world: World) -> None:
    organization, colleague = world.organization(), make_user()
    url = of(organization, "/roles")
    sent = ["entities:deploy", "entities:share", "infra:provision"]
    made = world.client.send("post", url, {"name": "Deployer", "scope_ids": sent}).json()["role"]
    assert made["scope_ids"] == sent
    role = Role.objects.get(public_id=made["id"])
    Membership.objects.create(user=colleague, organization=organization, named_role=role)
    assert Membership.objects.get(user=colleague).scopes == {"entities:share"}
    changed = world.client.send("patch", f"{url}/{made['id']}", {"scope_ids": ["infra:provision"]}).json()["role"]
    assert changed["scope_ids"] == ["infra:provision"]
    assert Membership.objects.get(user=colleague).scopes == frozenset()


@pytest.mark.embedded
def test_scopes_of_the_original_system_have_a_limit(world: World) -> None:
    scopes = [f"scope{number:095}" for number in range(100)]
    answer = world.client.send("post", of(world.organization(), "/roles"), {"name": "Deployer", "scope_ids": scopes})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_input")
    assert answer.json()["message"].startswith("scope_ids: ")


@pytest.mark.embedded
@pytest.mark.parametrize("role_id", ["admin", "member"])
def test_built_in_roles_cannot_be_changed(world: World, role_id: str) -> None:
    url = of(world.organization(), f"/roles/{role_id}")
    assert world.client.get(url).status_code == 200
    assert world.client.send("delete", url).json()["error"] == "role_built_in"
    assert world.client.send("patch", url, {"name": "Other"}).status_code == 409


def test_role_in_use_cannot_be_deleted(world: World) -> None:
    user = make_user()
    organization = world.organization("admin", user)
    named(organization, user, "entities:share")
    role_id = organization.roles.get().public_id
    assert world.client.send("delete", of(organization, f"/roles/{role_id}")).json()["error"] == "role_in_use"


@pytest.mark.parametrize("name", ["Sharer", "SHARER", "admin", " Member "])
def test_role_names_are_unique(world: World, name: str) -> None:
    url = of(world.organization(), "/roles")
    world.client.send("post", url, {"name": "Sharer"})
    assert world.client.send("post", url, {"name": name}).json()["error"] == "role_name_taken"


@pytest.mark.embedded
@pytest.mark.parametrize("scopes", ["x", [5], [None], {}])
def test_scopes_that_are_no_list_of_names_are_refused(world: World, scopes: Any) -> None:
    body = {"name": "New", "scope_ids": scopes}
    assert world.client.send("post", of(world.organization(), "/roles"), body).status_code == 400


@pytest.mark.embedded
def test_unknown_scopes_are_ignored(world: World) -> None:
    body = {"name": "New", "scope_ids": ["nothing", "entities:share", "mc_dm_download:read"]}
    organization = world.organization()
    assert world.client.send("post", of(organization, "/roles"), body).status_code == 201
    assert organization.roles.get().scopes == ["entities:share"]


@pytest.mark.embedded
def test_roles_of_another_organization_are_not_found(world: World) -> None:
    other = create_role(actor=system(), organization=make_organization(), name="Other", scopes=[])
    assert world.client.get(of(world.organization(), f"/roles/{other.public_id}")).status_code == 404
