"""Shares and publishers of an entity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from downloads.models import Share, TeamMember
from downloads.services import set_team_member
from releasehub.accounts.models import Membership
from releasehub.accounts.services import create_role
from releasehub.apikeys.scopes import Scope
from releasehub.audit.models import AuditEntry
from tests.api.entity.world import World
from tests.conftest import ApiClient, Ready
from tests.factories import make_key, make_user, system

pytestmark = pytest.mark.django_db
INSIDE_ONLY = [scope for scope in Scope.values if scope != Scope.ENTITIES_SHARE_EXTERNAL]


@pytest.fixture(scope="module")
def ready(make_ready: Any) -> Iterator[Ready]:
    with make_ready(World) as made:
        yield made


def share(world: World, *emails: str, client: ApiClient | None = None) -> Any:
    return (client or world.client).send("post", f"{world.url}/shares", {"emails": list(emails)})


def person(name: str) -> Any:
    return make_user(name, email=f"{name}@example.org")


def test_sharing_response_has_three_groups(world: World) -> None:
    ann, bob = person("ann"), person("bob")
    share(world, ann.email)
    answer = share(world, ann.email, "BOB@example.org", "nobody@example.org")
    assert answer.status_code == 200
    assert [row["user_id"] for row in answer.json()["created"]] == [bob.public_id]
    assert answer.json()["already_had_access"] == [ann.email]
    assert answer.json()["unknown"] == ["nobody@example.org"]


def test_owner_and_publishers_have_access_already(world: World) -> None:
    partner = person("partner")
    set_team_member(actor=system(), download=world.entity, user=partner, flags=set(TeamMember.FLAGS))
    answer = share(world, partner.email, world.owner.email).json()
    assert sorted(answer["already_had_access"]) == sorted([partner.email, world.owner.email])


def test_shared_email_address_matches_no_user(world: World) -> None:
    make_user(email="both@example.org")
    make_user(email="Both@example.org")
    assert share(world, "both@example.org").json()["unknown"] == ["both@example.org"]


@pytest.mark.embedded
def test_sharing_outside_requires_the_external_scope(world: World) -> None:
    client = world.as_user(world.owner, scopes=INSIDE_ONLY)
    ann, bob = person("ann"), person("bob")
    world.organization("admin", ann)
    assert share(world, ann.email, bob.email, client=client).status_code == 403
    assert not Share.objects.exists()
    assert share(world, ann.email, client=client).status_code == 200


@pytest.mark.embedded
def test_role_without_external_scope_cannot_share_outside(world: World) -> None:
    ann, bob = person("ann"), person("bob")
    organization = world.organization("member", ann)
    role = create_role(actor=system(), organization=organization, name="Sharer", scopes=["entities:share"])
    Membership.objects.filter(user=world.owner).update(named_role=role)
    assert share(world, bob.email).status_code == 403
    assert share(world, ann.email).status_code == 200


@pytest.mark.embedded
def test_plain_members_cannot_share(world: World) -> None:
    ann = person("ann")
    world.organization("member", ann)
    assert share(world, ann.email).status_code == 403


@pytest.mark.embedded
def test_readers_cannot_share(world: World) -> None:
    ann = person("ann")
    share(world, ann.email)
    assert share(world, "bob@example.org", client=world.as_user(ann)).status_code == 403


@pytest.mark.embedded
@pytest.mark.parametrize("emails", [[], ["x"], "ann@example.org", [5], ["a\0@example.org"], ["a@example.org"] * 101])
def test_invalid_email_addresses_are_rejected(world: World, emails: Any) -> None:
    assert world.client.send("post", f"{world.url}/shares", {"emails": emails}).status_code == 400


def test_users_see_only_their_own_shares(world: World) -> None:
    ann, bob = person("ann"), person("bob")
    share(world, ann.email, bob.email)
    assert world.client.get(f"{world.url}/shares").json()["total"] == 2
    seen = world.as_user(ann).get(f"{world.url}/shares").json()
    assert ([row["user"]["username"] for row in seen["shares"]], seen["total"]) == (["ann"], 1)


@pytest.mark.embedded
def test_only_the_creator_can_revoke_a_share(world: World) -> None:
    ann, partner = person("ann"), person("partner")
    set_team_member(actor=system(), download=world.entity, user=partner, flags=set(TeamMember.FLAGS))
    url = f"{world.url}/shares/{share(world, ann.email).json()['created'][0]['id']}"
    assert world.as_user(partner).send("delete", url).status_code == 403
    assert world.as_user(ann).send("delete", url).status_code == 403
    assert world.as_user(make_user()).send("delete", url).status_code == 404
    assert world.client.send("delete", url).status_code == 204
    assert world.as_user(ann).get(world.url).status_code == 404
    assert AuditEntry.objects.filter(action="share.remove").count() == 1


def test_shares_are_listed_for_creator_and_recipient(world: World) -> None:
    ann = person("ann")
    share(world, ann.email)
    for who, path in ((world.as_user(ann), "shared-with-me"), (world.client, "shares")):
        found = who.get(f"/api/entities/{path}?type=app").json()
        assert ([row["entity"]["id"] for row in found["shares"]], found["total"]) == ([world.entity.public_id], 1)
        assert who.get(f"/api/entities/{path}?type=service").json()["total"] == 0
        assert who.get(f"/api/entities/{path}?type=x").status_code == 400


def test_deleted_entities_are_in_no_list_of_shares(world: World) -> None:
    ann = person("ann")
    share(world, ann.email)
    world.client.send("delete", world.url)
    found = world.as_user(ann).get("/api/entities/shared-with-me").json()
    assert (found["shares"], found["total"]) == ([], 0)


@pytest.mark.embedded
def test_queries_do_not_grow_with_addresses_asked_or_listed(world: World) -> None:
    known = [person(f"person{number}") for number in range(5)]
    share(world, *(user.email for user in known[:1]))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert world.client.get("/api/entities/shares?pageSize=100").status_code == 200
        return len(captured)

    one = queries()
    share(world, *(user.email for user in known))
    assert queries() == one


def add(world: World, user: Any, client: ApiClient | None = None) -> Any:
    return (client or world.client).send("post", f"{world.url}/publishers", {"userId": user.public_id})


def test_adding_a_publisher_twice_has_no_effect(world: World) -> None:
    partner = person("partner")
    assert [add(world, partner).status_code for _ in range(2)] == [201, 200]
    found = world.client.get(f"{world.url}/publishers").json()["publishers"]
    assert [(row["username"], row["isOwner"]) for row in found][1:] == [("partner", False)]
    assert add(world, person("third"), world.as_user(partner)).status_code == 201


def test_publisher_status_is_returned(world: World) -> None:
    stranger = make_user()
    for user, expected in ((world.owner, True), (stranger, False)):
        answer = world.client.get(f"{world.url}/publishers/{user.public_id}").json()
        assert answer == {"userId": user.public_id, "isPublisher": expected}


@pytest.mark.embedded
def test_team_members_without_all_flags_are_not_publishers(world: World) -> None:
    helper = make_user()
    set_team_member(actor=system(), download=world.entity, user=helper, flags={"can_edit"})
    assert world.client.get(f"{world.url}/publishers/{helper.public_id}").json()["isPublisher"] is False


@pytest.mark.embedded
def test_last_publisher_cannot_be_removed(world: World) -> None:
    answer = world.client.send("delete", f"{world.url}/publishers/{world.owner.public_id}")
    assert (answer.status_code, answer.json()["error"]) == (409, "publisher_last")


def test_leaving_owner_hands_over_the_entity(world: World) -> None:
    partner = person("partner")
    add(world, partner)
    url = f"{world.url}/publishers/{world.owner.public_id}"
    assert world.as_user(partner).send("delete", url).status_code == 403
    assert world.client.send("delete", url).status_code == 204
    world.entity.refresh_from_db()
    assert world.entity.owner == partner
    assert world.client.get(world.url).status_code == 404


def test_publisher_is_removed(world: World) -> None:
    partner = person("partner")
    add(world, partner)
    url = f"{world.url}/publishers/{partner.public_id}"
    assert [world.client.send("delete", url).status_code for _ in range(2)] == [204, 404]


@pytest.mark.embedded
def test_readers_cannot_add_publishers(world: World) -> None:
    ann = person("ann")
    share(world, ann.email)
    reader = ApiClient(make_key(ann))
    assert add(world, ann, reader).status_code == 403
    assert reader.send("delete", f"{world.url}/publishers/{world.owner.public_id}").status_code == 403
    assert add(world, make_user(), world.client).status_code == 201
    assert world.client.send("post", f"{world.url}/publishers", {"userId": "nobody"}).status_code == 404
