"""Tests of organizations: their visibility, and the rules of the services for members and roles."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from releasehub.accounts.models import Membership, Organization, Role, User
from releasehub.accounts.people import users_by_email
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.roles import find_role
from releasehub.accounts.scopes import OrganizationScope
from releasehub.accounts.services import (
    add_member,
    change_role,
    create_organization,
    create_role,
    find_member,
    make_owner,
    remove_member,
    update_organization,
    update_role,
)
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import Conflict, Denied, DomainError, ErrorCode, Invalid
from tests.factories import make_organization, make_user, system
from tests.racing import ends_of

pytestmark = pytest.mark.django_db


def acting(user: User | None, **options: Any) -> Actor:
    return Actor(user=user, origin=Origin.API, **options)


def joined(organization: Organization, role: str = "member", *scopes: str) -> User:
    user = make_user()
    named = None
    if scopes:
        named = create_role(actor=system(), organization=organization, name=f"Role {user}", scopes=scopes)
    Membership.objects.create(organization=organization, user=user, role=role, named_role=named)
    return user


def test_every_organization_scope_is_also_a_scope_of_api_keys() -> None:
    assert set(OrganizationScope.values) <= set(Scope.values)


def test_visible_to_agrees_with_the_policy() -> None:
    organization = make_organization()
    people = [acting(None), acting(make_user()), acting(joined(organization)), system()]
    people += [acting(joined(organization, "owner"), bound_download_ids=frozenset({1}))]
    people += [acting(make_user(is_staff=True, permissions=("view_organization",)))]
    for actor in people:
        is_listed = Organization.objects.visible_to(actor).filter(pk=organization.pk).exists()
        assert is_listed is organization_policy.can_view(actor, organization), actor
    assert [organization_policy.can_view(actor, organization) for actor in people] == [0, 0, 1, 1, 0, 1]


@pytest.mark.parametrize(
    ("role", "count"), [("owner", len(OrganizationScope)), ("admin", len(OrganizationScope)), ("member", 0)]
)
def test_scopes_depend_on_the_role(role: str, count: int) -> None:
    organization = make_organization()
    assert len(organization_policy.scopes_in(acting(joined(organization, role)), organization)) == count


def test_changed_role_takes_effect_at_once() -> None:
    organization = make_organization()
    user = joined(organization, "member", "members:invite")
    actor = acting(user)
    assert organization_policy.can_invite(actor, organization)
    update_role(actor=system(), role=Role.objects.get(), scopes=[])
    assert not organization_policy.can_invite(acting(user), organization)


def test_changing_a_role_requires_its_scopes() -> None:
    organization = make_organization()
    actor = acting(joined(organization, "member", "members:manage_roles"))
    stronger = create_role(actor=system(), organization=organization, name="Strong", scopes=["org:settings"])
    with pytest.raises(Denied):
        update_role(actor=actor, role=stronger, name="Weak")


def test_only_owners_can_make_owners() -> None:
    organization = make_organization()
    owner, admin = joined(organization, "owner"), joined(organization, "admin")
    member = find_member(organization, admin.public_id)
    with pytest.raises(Denied):
        make_owner(actor=acting(admin), member=member)
    assert make_owner(actor=acting(owner), member=member).role == "owner"


def test_owner_stays_owner_when_given_the_admin_role() -> None:
    organization = make_organization()
    owner = joined(organization, "owner")
    member = find_member(organization, owner.public_id)
    assert change_role(actor=acting(owner), member=member, role=find_role(organization, "admin")).role == "owner"


def test_staff_can_create_and_rename_organizations() -> None:
    staff = acting(
        make_user(is_staff=True, permissions=("add_organization", "change_organization", "view_organization"))
    )
    organization = create_organization(actor=staff, name="One", slug="one", owner=make_user())
    make_organization("Two")
    with pytest.raises(Conflict) as caught:
        update_organization(actor=staff, organization=organization, name="Two")
    assert caught.value.code == ErrorCode.ORGANIZATION_TAKEN
    with pytest.raises(Denied):
        create_organization(actor=acting(make_user()), name="Three", slug="three")


def test_role_names_are_validated() -> None:
    with pytest.raises(Invalid):
        create_role(actor=system(), organization=make_organization(), name="x" * 101)


def test_only_plain_members_have_custom_roles() -> None:
    organization = make_organization()
    role = create_role(actor=system(), organization=organization, name="Sharer")
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(organization=organization, user=make_user(), role="admin", named_role=role)


def test_lookup_by_email_ignores_case_and_inactive_users() -> None:
    ann = make_user(email="Ann@Example.org")
    make_user(email="gone@example.org", is_active=False)
    assert users_by_email(["aNN@example.ORG", "gone@example.org"]) == {"ann@example.org": ann}


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
)
@pytest.mark.django_db(transaction=True)
def test_last_two_admins_cannot_both_leave_at_the_same_time() -> None:
    organization = make_organization()
    people = [joined(organization, "admin") for _ in range(2)]

    def leave(user: User) -> None:
        remove_member(actor=acting(user), member=find_member(organization, user.public_id))

    _, (refusal,) = ends_of([partial(leave, user) for user in people])
    assert isinstance(refusal, DomainError)
    assert refusal.code == ErrorCode.MEMBER_LAST_ADMIN
    assert Membership.objects.filter(organization=organization).count() == 1


def test_adding_a_member_twice_raises_conflict() -> None:
    organization, user = make_organization(), make_user()
    role = find_role(organization, "member")
    add_member(actor=system(), organization=organization, user=user, role=role)
    with pytest.raises(Conflict) as caught:
        add_member(actor=system(), organization=organization, user=user, role=role)
    assert caught.value.code == ErrorCode.MEMBER_EXISTS
