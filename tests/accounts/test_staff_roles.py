"""The ready-made roles of staff exist after a migration, and what the site changes stays changed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management.sql import emit_post_migrate_signal

from releasehub.accounts import staff_roles
from releasehub.accounts.models import StaffRole
from releasehub.accounts.staff_roles import ROLES, create_staff_roles
from releasehub.audit.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture(autouse=True)
def roles() -> None:
    StaffRole.objects.all().delete()
    Group.objects.all().delete()
    create_staff_roles()


def held(name: str) -> set[str]:
    rows = Permission.objects.filter(group__name=name).values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in rows}


@pytest.mark.parametrize("name", ROLES)
def test_role_is_a_group_with_all_of_its_permissions(name: str) -> None:
    assert held(name) == set(ROLES[name])


def test_roles_are_created_after_every_migration() -> None:
    StaffRole.objects.all().delete()
    Group.objects.all().delete()
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)


def test_second_run_changes_nothing_and_keeps_what_the_site_changed() -> None:
    moderators, support = Group.objects.get(name="Moderator"), Group.objects.get(name="Support")
    moderators.name = "Editors"
    moderators.save()
    moderators.permissions.clear()
    support.delete()
    before = AuditEntry.objects.count()
    create_staff_roles()
    assert held("Editors") == set()
    assert set(Group.objects.values_list("name", flat=True)) == {"Editors", "Auditor", "Operator"}
    assert AuditEntry.objects.count() == before


def test_group_that_the_site_made_is_left_alone() -> None:
    StaffRole.objects.all().delete()
    Group.objects.all().delete()
    Group.objects.create(name="Support")
    create_staff_roles()
    assert held("Support") == set()
    assert Group.objects.filter(name="Auditor").exists()


def test_permission_that_a_release_adds_reaches_the_group_once(monkeypatch: pytest.MonkeyPatch) -> None:
    longer = ROLES["Support"] + ("auth.view_group",)
    monkeypatch.setitem(staff_roles.ROLES, "Support", longer)
    create_staff_roles()
    assert held("Support") == set(longer)
    assert AuditEntry.objects.filter(action="group.update").count() == 1
    Group.objects.get(name="Support").permissions.remove(Permission.objects.get(codename="view_group"))
    create_staff_roles()
    assert "auth.view_group" not in held("Support")
