"""Tests that changes of accounts, sign-ins and refusals are recorded in the audit log."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from releasehub.accounts.models import User
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.audit.services import MAX_REFUSALS_PER_ADDRESS, MAX_REFUSALS_PER_MINUTE, REFUSALS_STOP, record_refusal
from releasehub.core import anonymous_cache
from releasehub.core.actor import Actor
from tests.confirming import confirm_password
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "secret-pass-1"


@pytest.fixture
def root() -> Client:
    client = Client()
    root = make_user("root", is_staff=True, is_superuser=True)
    client.force_login(root)
    return confirm_password(client, root)


def rows(*actions: str) -> list[tuple[str, str, str, Any]]:
    """Return the action, actor, target and changes of the rows with these actions, in order."""
    found = AuditEntry.objects.filter(action__in=actions).order_by("id")
    return list(found.values_list("action", "actor_label", "target_label", "changes"))


def test_admin_changes_of_a_user_are_recorded_with_the_actor(root: Client) -> None:
    group = Group.objects.create(name="support")
    user = make_user("ann", is_staff=True)
    form = {"username": "ann", "email": "ann@example.org", "is_active": "on", "groups": [group.pk]}
    form |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    answer = root.post(reverse("admin:accounts_user_change", args=[user.pk]), form)
    assert answer.status_code == 302, answer.context["errors"]
    changes = {"email": ["", "ann@example.org"], "is_staff": [True, False]}
    assert rows("user.update") == [
        ("user.update", "root", "ann", changes),
        ("user.update", "root", "ann", {"groups": [[], ["support"]]}),
    ]


def test_password_change_in_the_admin_is_recorded_without_the_password(root: Client) -> None:
    user = make_user("ann")
    path = reverse("admin:auth_user_password_change", args=[user.pk])
    answer = root.post(path, {"password1": "new-secret-9", "password2": "new-secret-9", "usable_password": "true"})
    assert answer.status_code == 302
    assert rows("user.password") == [("user.password", "root", "ann", {"password": ["[secret]", "[secret]"]})]


def test_django_commands_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--username", "root", "--email", "r@example.org", stdout=StringIO())
    created = AuditEntry.objects.get(action="user.create")
    assert (created.actor_label, created.target_label, created.channel) == ("cli", "root", "cli")
    assert created.changes["is_superuser"] is True
    assert "password" not in created.changes


def test_permissions_of_groups_are_recorded_from_both_ends() -> None:
    group, user = Group.objects.create(name="staff"), make_user("ann")
    permission = Permission.objects.get(codename="moderate_download")
    group.permissions.add(permission)
    group.user_set.add(user)
    user.groups.clear()
    group.permissions.clear()
    group.delete()
    assert [(action, changes) for action, _, _, changes in rows("group.update", "user.update", "group.delete")] == [
        ("group.update", {"permissions": [[], [str(permission)]]}),
        ("group.update", {"users": [[], ["ann"]]}),
        ("user.update", {"groups": [["staff"], []]}),
        ("group.update", {"permissions": [[str(permission)], []]}),
        ("group.delete", {}),
    ]


def test_sign_in_and_out_are_recorded_but_not_as_changes_of_the_user(client: Client) -> None:
    make_user("ann")
    client.post(reverse("pages:sign-in"), {"username": "ann", "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    client.post(reverse("pages:sign-out"))
    found = AuditEntry.objects.order_by("id").values_list("action", "actor_label", "address")
    assert list(found) == [("sign_in.succeeded", "ann", "192.0.2.7"), ("sign_out", "ann", "127.0.0.1")]


def test_sign_in_through_the_api_is_recorded(client: Client) -> None:
    make_user("ann", email="ann@example.org")
    body = {"email": "ann@example.org", "password": PASSWORD}
    assert client.post("/v3/accounts/login", body, content_type="application/json").status_code == 200
    assert AuditEntry.objects.get(action="sign_in.succeeded").channel == "api"


def test_one_ip_address_cannot_flood_the_audit_log() -> None:
    actor, other = Actor(address="192.0.2.7"), Actor(address="192.0.2.8")
    written = [record_refusal(actor=actor, action=AuditAction.SIGN_IN_FAILED) for _ in range(30)]
    kept = [row for row in written if row is not None]
    assert len(kept) == MAX_REFUSALS_PER_ADDRESS
    assert kept[-1].reason == REFUSALS_STOP
    assert record_refusal(actor=other, action=AuditAction.SIGN_IN_FAILED) is not None
    assert record_refusal(actor=actor, action=AuditAction.DOWNLOAD_REFUSED) is not None


def test_refusals_of_many_addresses_are_limited_but_not_those_of_users() -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(actor_label="web", channel="web", action="sign_in.failed", address=f"2001:db8::{number:x}")
        for number in range(1, MAX_REFUSALS_PER_MINUTE + 1)
    )
    assert record_refusal(actor=Actor(address="192.0.2.9"), action=AuditAction.SIGN_IN_FAILED) is None
    assert record_refusal(actor=Actor(user=make_user()), action=AuditAction.SIGN_IN_FAILED) is not None


def test_only_changes_of_public_objects_invalidate_the_anonymous_cache(
    client: Client, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.ANONYMOUS_CACHE_SECONDS = 60
    row = make_user("ann")
    anonymous_cache.rows.set("page", row, 60)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("pages:sign-in"), {"username": "ann", "password": "wrong"})
        client.post(reverse("pages:sign-in"), {"username": "ann", "password": PASSWORD})
    assert AuditEntry.objects.count() == 2
    assert anonymous_cache.rows.get("page") is row
    with django_capture_on_commit_callbacks(execute=True):
        User.objects.get(username="ann").save()
        assert anonymous_cache.rows.get("page") is row
        user = User.objects.get(username="ann")
        user.username = "anna"
        user.save()
    assert anonymous_cache.rows.get("page") is None


def staff(*permissions: str) -> Client:
    client, user = Client(), make_user("staff", is_staff=True, permissions=permissions)
    client.force_login(user)
    return confirm_password(client, user)


def test_staff_can_only_grant_their_own_permissions_to_groups() -> None:
    client = staff("change_group", "view_group", "view_user")
    group = Group.objects.create(name="support")
    path = reverse("admin:auth_group_change", args=[group.pk])
    own, other = (Permission.objects.get(codename=name) for name in ("view_user", "moderate_download"))
    assert client.post(path, {"name": "support", "permissions": [other.pk]}).status_code == 200
    assert not group.permissions.exists()
    assert client.post(path, {"name": "support", "permissions": [own.pk]}).status_code == 302
    assert list(group.permissions.all()) == [own]
    group.permissions.add(other)
    assert client.post(path, {"name": "mine"}).status_code == 403
    assert client.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"is_active": False}, {"is_superuser": True}])
def test_staff_cannot_change_users_with_more_permissions(fields: dict[str, bool]) -> None:
    client = staff("change_user", "view_user")
    strong, weak = make_user("strong", permissions=("moderate_download",), **fields), make_user("weak")
    for user, status in ((strong, 403), (weak, 302)):
        path = reverse("admin:auth_user_password_change", args=[user.pk])
        form = {"password1": "new-secret-9", "password2": "new-secret-9", "usable_password": "true"}
        assert client.post(path, form).status_code == status
        user.refresh_from_db()
        assert user.check_password("new-secret-9") is (status == 302)
