"""Moderators remove pictures of users in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from files.models import Avatar, Blob
from files.pictures.avatars import remove_avatar
from releasehub.accounts.models import User
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, NotFound
from tests.factories import make_avatar, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
LIST = "admin:files_avatar_changelist"


def staff(*permissions: str, name: str = "mod") -> tuple[User, Client]:
    user, client = make_user(name, is_staff=True, permissions=permissions), Client()
    client.force_login(user)
    return user, client


def remove(client: Client, avatar: Avatar) -> Any:
    url = reverse("admin:files_avatar_act", args=[avatar.pk, "remove"])
    return client.post(url, {"confirmed": "1", "reason": "an insult", "_selected_action": avatar.pk})


@pytest.mark.parametrize("permission", ["moderate_download", "change_user"])
def test_moderators_and_support_remove_a_picture(permission: str, run_tasks: Any) -> None:
    ann, (user, client) = make_user("ann"), staff(permission)
    avatar = make_avatar(ann)
    path = avatar.path
    assert path in client.get(reverse(LIST)).content.decode()
    assert reverse(LIST) in client.get(reverse("admin:index")).content.decode()
    Blob.objects.update(claimed_until=None)
    with run_tasks():
        assert remove(client, avatar)["Location"] == reverse(LIST)
    ann.refresh_from_db()
    assert ann.avatar_path == ""
    assert Client().get(path).status_code == 404
    assert not Blob.objects.exists()
    entry = AuditEntry.objects.get(action="user.update", target_id=ann.pk, actor_id=user.pk)
    assert (entry.reason, entry.changes) == ("an insult", {"avatar_path": [path, ""]})


def test_other_staff_see_no_list_and_remove_nothing() -> None:
    avatar, (user, client) = make_avatar(make_user("ann")), staff("view_user")
    assert client.get(reverse(LIST)).status_code == 403
    assert remove(client, avatar).status_code in {403, 404}
    with pytest.raises(Denied):
        remove_avatar(actor=Actor(user=user), user=avatar.user)
    with pytest.raises(NotFound):
        remove_avatar(actor=Actor(user=make_user("max")), user=avatar.user)
    assert Avatar.objects.filter(pk=avatar.pk).exists()


def test_moderators_cannot_remove_the_picture_of_a_user_with_more_rights() -> None:
    avatar, (_, client) = make_avatar(make_user("root", is_staff=True, is_superuser=True)), staff("moderate_download")
    remove(client, avatar)
    assert Avatar.objects.filter(pk=avatar.pk).exists()


def test_list_takes_as_many_queries_for_many_rows() -> None:
    _, client = staff("moderate_download")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(LIST)).status_code == 200
        return len(captured)

    make_avatar(make_user())
    queries()
    few = queries()
    for _number in range(5):
        make_avatar(make_user())
    assert queries() <= few + 5  # one for the rights of each owner, whose picture offers the button
