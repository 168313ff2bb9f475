"""Access keys in the admin."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from downloads.models import AccessKey
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.distribution.access_keys import issue_access_key
from releasehub.distribution.presented_keys import open_with_secret
from tests.factories import make_download, make_user, system

pytestmark = pytest.mark.django_db
LIST = "admin:downloads_accesskey_changelist"
ADD = "admin:downloads_accesskey_add"


def make(**options: Any) -> AccessKey:
    options.setdefault("download", make_download())
    return issue_access_key(actor=system(), **{"name": "A customer"} | options)[0]


def values(**fields: Any) -> dict[str, Any]:
    return {"download": make_download().pk, "name": "Ann", "uses_left": "3", "highest_number": "1.4"} | fields


def names(answer: Any) -> set[str]:
    return {row.name for row in answer.context["cl"].result_list}


def test_access_key_is_created_by_the_service_and_its_secret_is_shown_once(root: Client) -> None:
    answer = root.post(reverse(ADD), values())
    secret = re.search(r"rhk_\w+", answer.content.decode())
    assert secret is not None
    assert "no-store" in answer["Cache-Control"]
    assert f"http://testserver/share/{secret[0]}" in answer.content.decode()
    [key] = open_with_secret(Actor(), secret[0])
    assert (key.name, key.uses_left, key.highest_number) == ("Ann", 3, "1.4")
    assert AuditEntry.objects.get(action="access_key.issue").channel == "admin"
    for path in (reverse(LIST), reverse("admin:downloads_accesskey_change", args=[key.pk])):
        page = root.get(path)
        assert page.status_code == 200
        assert secret[0] not in page.content.decode()


@pytest.mark.embedded
@pytest.mark.parametrize(
    "wrong", [{"uses_left": "0"}, {"highest_number": "-"}, {"expires_at_0": "2001-01-01", "expires_at_1": "00:00:00"}]
)
def test_errors_are_shown_next_to_the_field(root: Client, wrong: dict[str, str]) -> None:
    answer = root.post(reverse(ADD), values(**wrong))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {next(iter(wrong)).removesuffix("_0")}
    assert not AccessKey.objects.exists()


def test_revoking_asks_for_confirmation_and_calls_the_service(root: Client) -> None:
    key = make()
    path = reverse("admin:downloads_accesskey_act", args=[key.pk, "revoke"])
    root.get(path)
    key.refresh_from_db()
    assert key.revoked_at is None
    root.post(path, {"confirmed": "1"})
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert AuditEntry.objects.get(action="access_key.revoke").channel == "admin"


def test_the_list_is_filtered_by_state(root: Client) -> None:
    for state in AccessKey.State.values:
        make(name=state)
    AccessKey.objects.filter(name="revoked").update(revoked_at=timezone.now())
    AccessKey.objects.filter(name="expired").update(expires_at=timezone.now() - timedelta(hours=1))
    AccessKey.objects.filter(name="used_up").update(uses_left=0)
    AccessKey.objects.filter(name="void").update(created_by=make_user())
    for state in AccessKey.State.values:
        assert names(root.get(reverse(LIST), {"state": state})) == {state}
    assert names(root.get(reverse(LIST), {"state": "nonsense"})) == set(AccessKey.State.values)


def test_staff_can_create_access_keys_for_downloads_they_manage(client: Client) -> None:
    staff = make_user("staff", is_staff=True)
    client.force_login(staff)
    make(download=make_download(staff), name="mine")
    other = make(name="other")
    assert names(client.get(reverse(LIST))) == {"mine"}
    assert client.get(reverse("admin:downloads_accesskey_act", args=[other.pk, "revoke"])).status_code == 404
    assert client.post(reverse(ADD), values()).status_code == 200
    assert AccessKey.objects.count() == 2
