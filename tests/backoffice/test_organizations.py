"""Organizations in the admin: the services do the work, so every change is recorded and every rule holds."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from releasehub.accounts.models import Membership, Organization, Role
from releasehub.audit.models import AuditEntry
from tests.factories import make_organization, make_user

pytestmark = pytest.mark.django_db
URL = "/admin/accounts/organization/"


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def form(members: list[dict[str, Any]], roles: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    """What the browser sends; rows with an `id` are there already."""
    data: dict[str, Any] = {"name": "Northwind", "slug": "northwind"} | fields
    for prefix, rows in (("memberships", members), ("roles", roles or [])):
        data |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": sum("id" in row for row in rows)}
        for number, row in enumerate(rows):
            data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def actions() -> list[str]:
    rows = AuditEntry.objects.exclude(action="sign_in.succeeded")
    return list(rows.order_by("id").values_list("action", flat=True))


def test_creating_an_organization_writes_an_audit_row(staff: Client) -> None:
    assert staff.post(f"{URL}add/", form([])).status_code == 302
    assert Organization.objects.get().slug == "northwind"
    assert actions() == ["organization.create"]


def test_members_and_roles_go_through_the_services(staff: Client) -> None:
    organization, user = make_organization("Northwind"), make_user()
    rows = [{"user": user.pk, "role": "owner"}]
    roles = [{"name": "Sharer", "scopes": ["entities:share"]}]
    answer = staff.post(f"{URL}{organization.pk}/change/", form(rows, roles, slug=organization.slug))
    assert answer.status_code == 302
    assert (Membership.objects.get().role, Role.objects.get().scopes) == ("owner", ["entities:share"])
    assert sorted(actions()) == ["member.add", "member.update", "role.create"]


def test_last_owner_cannot_be_removed_in_the_admin(staff: Client) -> None:
    organization, user = make_organization("Northwind"), make_user()
    member = Membership.objects.create(organization=organization, user=user, role="owner")
    rows = [{"id": member.pk, "organization": organization.pk, "user": user.pk, "role": "owner", "DELETE": "on"}]
    answer = staff.post(f"{URL}{organization.pk}/change/", form(rows, slug=organization.slug))
    assert b"last owner or admin" in answer.content
    assert Membership.objects.filter(pk=member.pk).exists()


def test_deleting_an_organization_writes_an_audit_row(staff: Client) -> None:
    organization = make_organization()
    assert staff.post(f"{URL}{organization.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Organization.objects.exists()
    assert actions() == ["organization.delete"]


def test_staff_without_permission_see_nothing() -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))
    assert client.get(URL).status_code == 403
