"""Named channels and platforms in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from releasehub.audit.models import AuditEntry
from tests.factories import make_download, make_user
from versions.models import NamedChannel

pytestmark = pytest.mark.django_db
ADD = "admin:versions_namedchannel_add"


def signed_in(**fields: object) -> Client:
    client = Client()
    client.force_login(make_user(is_staff=True, **fields))
    return client


def test_channel_is_created_changed_and_deleted_through_the_services() -> None:
    root, download = signed_in(is_superuser=True), make_download()
    made = {"name": "Beta", "display_name": "Beta", "description": "", "downloads": [download.pk]}
    assert root.post(reverse(ADD), made).status_code == 302
    label = NamedChannel.objects.get()
    assert (label.name, list(label.downloads.all()), label.is_general) == ("Beta", [download], False)
    change = reverse("admin:versions_namedchannel_change", args=[label.pk])
    assert root.post(change, made | {"display_name": "Brave", "downloads": []}).status_code == 302
    label.refresh_from_db()
    assert (label.display_name, label.is_general, label.downloads.count()) == ("Brave", True, 0)
    assert root.post(reverse("admin:versions_namedchannel_delete", args=[label.pk]), {"post": "yes"}).status_code == 302
    actions = list(AuditEntry.objects.filter(action__startswith="channel.").values_list("action", flat=True))
    assert sorted(actions) == ["channel.create", "channel.delete", "channel.update"]


def test_validation_error_is_shown_in_the_form() -> None:
    root = signed_in(is_superuser=True)
    answer = root.post(reverse(ADD), {"name": "no\u2028way", "display_name": "x", "description": ""})
    assert (answer.status_code, NamedChannel.objects.count()) == (200, 0)
    assert "Use one line of 1 to 256" in answer.content.decode()


def test_only_moderators_can_manage_general_labels() -> None:
    body = {"name": "beta", "display_name": "Beta", "description": ""}
    signed_in().post(reverse(ADD), body)
    assert not NamedChannel.objects.exists()
    signed_in(permissions=("moderate_download",)).post(reverse(ADD), body)
    assert NamedChannel.objects.get().is_general
