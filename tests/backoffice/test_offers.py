"""The admin offers staff what they may do: no link or button that refuses them, and nothing allowed is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from downloads.models import Download, TeamMember
from downloads.services import set_team_member
from releasehub.accounts.models import User
from releasehub.accounts.staff_roles import ROLES
from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.navigation import SECTIONS
from releasehub.backoffice.permissions import manages_a_team, manages_webhooks, may_attach_labels, may_post_versions
from releasehub.core.errors import Denied, DomainError, ErrorCode, NotFound
from tests.confirming import confirm_password
from tests.conftest import begin_with
from tests.crawling import send, unlike, waits_for_an_action, walk
from tests.factories import make_everything, make_user, make_version, system


def codenames(role: str) -> tuple[str, ...]:
    return tuple(permission.partition(".")[2] for permission in ROLES[role])


PERMISSIONS: dict[str, tuple[str, ...]] = {
    "owner": (),
    "member": (),
    "stranger": (),
    "moderator": ("moderate_download",),
    "eraser": ("moderate_download", "hard_delete_download"),
    "support": codenames("Support"),
    "auditor": codenames("Auditor"),
    "operator": codenames("Operator"),
    "organizer": ("add_organization", "change_organization", "delete_organization"),
}


def build() -> dict[str, User]:
    people = {
        name: make_user(name, is_staff=True, permissions=permissions) for name, permissions in PERMISSIONS.items()
    }
    make_everything(people["owner"], member=people["member"])
    return people


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]
everybody = pytest.mark.parametrize("name", PERMISSIONS)


@pytest.fixture
def client(world: dict[str, User], name: str) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(world[name])
    return confirm_password(client, world[name])


@pytest.mark.parametrize("name", ["owner", "member", "stranger", "moderator", "support", "auditor"])
def test_admin_links_match_the_permissions_of_the_user(client: Client, name: str) -> None:
    # The next test asks the service about every action on a row. Only one user opens their pages and sends their forms.
    without = () if name == "member" else ("_act",)
    found = walk(client, ["/admin/"], within="/admin/", rows_per_kind=1, without=without)
    assert {url: status for url, status in found.answers.items() if status >= 400} == {}
    forms = [form for form in unlike(found.forms) if not waits_for_an_action(form)]
    sent = {form.action: send(client, form).status_code for form in forms}
    assert {url: status for url, status in sent.items() if status >= 400} == {}
    linked = set().union(*found.links.values())
    for model in admin.site._registry:
        for page in ("changelist", "add"):
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")
            status = found.answers.get(url) or client.get(url, headers={"Accept": "application/json"}).status_code
            assert (status == 200) == (url in linked), url


@everybody
def test_row_actions_are_offered_only_if_the_service_allows_them(world: dict[str, User], name: str) -> None:
    wrong = []
    for model_admin, row, action, request in chances(world[name]):
        is_offered = model_admin.offers(admin_actor(request), action, row)
        if is_offered == is_refused(action, row, request):
            wrong.append((str(row), action.name, is_offered))
    assert wrong == []


def chances(user: User) -> Iterator[tuple[ActionAdmin, Any, Any, Any]]:
    """Every row that the user sees in the admin with every action that applies to it."""
    for model_admin in admin.site._registry.values():
        if not isinstance(model_admin, ActionAdmin):
            continue
        for row in model_admin.get_queryset(request_of(user)):
            for action in model_admin.row_actions:
                if action.applies(row):
                    yield model_admin, row, action, request_of(user)


def is_refused(action: Any, row: Any, request: Any) -> bool:
    """Whether the service refuses the user, and not because of the state of the row. The database stays as it was."""
    row = type(row)._base_manager.get(pk=row.pk)
    with transaction.atomic():
        try:
            action.run(admin_actor(request), row, "because")
        except (Denied, NotFound):
            return True
        except DomainError as error:
            return error.code == ErrorCode.IS_DELETED  # the response of the policy for a deleted row
        finally:
            transaction.set_rollback(True)
    return False


def request_of(user: User) -> Any:
    request: Any = RequestFactory().get("/admin/")
    request.user = user
    request._messages = CookieStorage(request)
    return request


def test_permissions_are_looked_up_once_for_a_request(world: dict[str, User], django_assert_num_queries: Any) -> None:
    questions = (manages_a_team, may_post_versions, may_attach_labels, manages_webhooks)
    actor = admin_actor(request_of(world["stranger"]))
    answers = [question(actor) for question in questions]
    with django_assert_num_queries(0):
        assert [question(actor) for question in questions] == answers


@pytest.mark.parametrize(("name", "is_shown"), [("moderator", False), ("eraser", True)])
def test_permanent_deletion_is_offered_only_with_permission(client: Client, name: str, is_shown: bool) -> None:
    version = Download.objects.get(title="Everything").versions.get(number="1.0.0")
    page = client.get(reverse("admin:versions_version_change", args=[version.pk])).content.decode()
    menu = client.get(reverse("admin:versions_version_changelist")).content.decode()
    assert ("/act/erase/" in page, 'value="erase"' in menu) == (is_shown, is_shown)
    url = reverse("admin:versions_version_act", args=[version.pk, "erase"])
    assert (client.get(url).status_code == 200) is is_shown


@pytest.mark.parametrize("name", ["member"])
def test_action_on_mixed_selection_skips_rows_without_permission(client: Client, name: str, world: Any) -> None:
    mine, other = Download.objects.get(title="Everything"), make_version(files=1)
    allowed = mine.versions.get(number="1.0.0")
    data = {"action": "yank", "_selected_action": [allowed.pk, other.pk]}
    page = client.post(reverse("admin:versions_version_changelist"), data)
    assert [pk for pk, *_ in page.context["rows"]] == [allowed.pk]
    assert f"{other}: “Yank” is not possible" in page.content.decode()


@pytest.mark.parametrize("name", ["member"])
def test_query_count_of_lists_is_constant_for_team_members(
    client: Client, name: str, world: Any, django_assert_max_num_queries: Any
) -> None:
    url = reverse("admin:versions_version_changelist")
    counts = []
    for rows in (2, 10):
        for _ in range(rows):
            download = make_version(files=1).download
            set_team_member(actor=system(), download=download, user=world[name], flags={"can_upload"})
        with django_assert_max_num_queries(100) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("name", ["owner", "moderator"])
def test_users_cannot_be_searched_without_the_right_to_see_accounts(client: Client, name: str) -> None:
    make_user("colleague", email="private@example.org")
    field = {"app_label": "downloads", "model_name": "teammember", "field_name": "user"}
    for term in ("colleag", "private@"):
        assert client.get(reverse("admin:autocomplete"), field | {"term": term}).status_code == 403


@pytest.mark.parametrize("name", ["owner", "moderator"])
@pytest.mark.parametrize("row", ["new", "existing"])
def test_a_posted_user_neither_joins_nor_is_named(client: Client, world: Any, name: str, row: str) -> None:
    """A form that took the id of any user would name them when it is shown again."""
    download = Download.objects.get(title="Everything")
    stranger = make_user("secret-stranger")
    member = set_team_member(actor=system(), download=download, user=make_user(), flags={"can_upload"})
    path = reverse("admin:downloads_download_change", args=[download.pk])
    rows: dict[str, Any] = {"user": stranger.pk, "can_edit": "on"}
    if row == "existing":
        rows |= {"id": member.pk, "download": download.pk}
    data = {"title": "", "team-TOTAL_FORMS": 1, "team-INITIAL_FORMS": int(row == "existing")}
    answer = client.post(path, data | {f"team-0-{key}": value for key, value in rows.items()})
    assert "secret-stranger" not in answer.content.decode()
    assert not TeamMember.objects.filter(user=stranger).exists()


def test_sidebar_links_every_registered_list(world: Any) -> None:
    labels = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    assert {model for _, items in SECTIONS for _, _, model in items} == labels
