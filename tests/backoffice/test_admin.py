"""The admin: who gets in, what its actions do, and that they go through the services."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from downloads.models import Download, Share, TeamMember
from downloads.services import set_team_member, share_download
from releasehub.accounts.models import User
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.verification import verify_key
from releasehub.audit.models import AuditEntry
from releasehub.backoffice.navigation import SECTIONS
from releasehub.core.actor import Actor
from releasehub.distribution import links
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.confirming import confirm_password
from tests.crawling import templates_unrecorded
from tests.factories import (
    make_category,
    make_download,
    make_file,
    make_organization,
    make_user,
    make_version,
    system,
)
from versions.models import Version

pytestmark = pytest.mark.django_db
MODELS = [model for _, items in SECTIONS for _, _, model in items]


@pytest.fixture
def moderator(client: Client) -> Client:
    client.force_login(make_user("moderator", is_staff=True, permissions=("moderate_download",)))
    return client


def act(client: Client, row: Any, name: str, **fields: str) -> Any:
    meta = row._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_act", args=[row.pk, name])
    return client.post(url, {"confirmed": "1", **fields})


def statuses_of_lists(client: Client, models: Iterable[str]) -> dict[str, int]:
    with templates_unrecorded():
        return {model: client.get(reverse(f"admin:{model}_changelist")).status_code for model in models}


def test_every_list_opens_for_site_administrators(root: Client) -> None:
    make_file(make_version(), name="tool.zip")
    assert statuses_of_lists(root, MODELS) == dict.fromkeys(MODELS, 200)


def test_moderators_see_the_lists_of_releases_and_records(moderator: Client) -> None:
    models = ("downloads_download", "versions_version", "files_file", "audit_auditentry")
    assert statuses_of_lists(moderator, models) == dict.fromkeys(models, 200)


@pytest.mark.embedded
def test_users_without_staff_access_cannot_sign_in(client: Client) -> None:
    client.force_login(make_user())
    assert statuses_of_lists(client, MODELS) == dict.fromkeys(MODELS, 302)


def test_every_form_opens(root: Client) -> None:
    file = make_file()
    version = file.version
    rows = (version.download, version, file, version.download.category)
    names = {row: f"admin:{row._meta.app_label}_{row._meta.model_name}_change" for row in rows}
    found = {name: root.get(reverse(name, args=[row.pk])).status_code for row, name in names.items()}
    assert found == dict.fromkeys(names.values(), 200)


@pytest.mark.embedded
def test_only_the_admin_allows_unsafe_eval(root: Client) -> None:
    assert "'unsafe-eval'" in root.get("/admin/")["Content-Security-Policy"]
    assert "unsafe" not in root.get("/")["Content-Security-Policy"]


def test_files_that_were_added_last_come_first(root: Client) -> None:
    added = [make_file(name="a.zip", display_order=7), make_file(name="b.zip")]
    rows = root.get(reverse("admin:files_file_changelist")).context["cl"].result_list
    assert list(rows) == added[::-1]


def test_new_download_is_created_by_the_service(root: Client) -> None:
    owner, category = make_user(), make_category()
    form = {
        "title": "From the admin", "category": category.pk, "owner": owner.pk, "state": "visible",
        "visibility": "public",
        "default_channel": "stable", "kind": "app", "tags": "", **no_inlines("team", "shares", "publications"),
        "versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0,
    }  # fmt: skip
    answer = root.post(reverse("admin:downloads_download_add"), form)
    assert answer.status_code == 302, re.findall(r"errorlist.*?</ul>", answer.content.decode())
    download = Download.objects.get(title="From the admin")
    entry = AuditEntry.objects.get(action="download.create")
    assert (entry.target_id, entry.channel, download.slug) == (download.pk, "admin", "from-the-admin")


def test_new_team_member_goes_through_the_service(root: Client) -> None:
    download, friend = make_download(), make_user()
    form = {
        "title": download.title, "slug": download.slug, "category": download.category_id, "state": "visible",
        "visibility": "public", "default_channel": "stable", "kind": "app", "tags": "",
        **no_inlines("shares", "publications"), "versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0,
        "team-TOTAL_FORMS": 1, "team-INITIAL_FORMS": 0, "team-0-user": friend.pk, "team-0-can_edit": "on",
    }  # fmt: skip
    path = reverse("admin:downloads_download_change", args=[download.pk])
    answer = root.post(path, form)
    assert answer.status_code == 302
    assert TeamMember.objects.get(download=download).user == friend
    assert AuditEntry.objects.filter(action="team.update", channel="admin").exists()
    for organization, applies in ((None, True), (make_organization(), False)):
        Download.objects.filter(pk=download.pk).update(organization=organization)
        inlines = {inline.formset.prefix: inline for inline in root.get(path).context["inline_admin_formsets"]}
        assert inlines["team"].opts.applies(inlines["team"].formset.queryset.get()) is applies


@pytest.mark.parametrize("is_own", [True, False])
def test_manager_of_a_team_removes_own_shares_only(client: Client, is_own: bool) -> None:
    download, manager = make_download(), make_user(is_staff=True)
    set_team_member(actor=system(), download=download, user=manager, flags={"can_edit", "can_manage_team"})
    creator = manager if is_own else download.owner
    share = share_download(actor=Actor(user=creator), download=download, user=make_user())
    client.force_login(manager)
    form = {
        "title": download.title, "slug": download.slug, "category": download.category_id, "state": "visible",
        "visibility": "public", "default_channel": "stable", "kind": "app", "tags": "",
        **no_inlines("team", "publications"), "versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0,
        "team-TOTAL_FORMS": 1, "team-INITIAL_FORMS": 1, "team-0-id": TeamMember.objects.get().pk,
        "team-0-can_edit": "on", "team-0-can_manage_team": "on", "team-0-user": manager.pk,
        "shares-TOTAL_FORMS": 1, "shares-INITIAL_FORMS": 1, "shares-0-id": share.pk, "shares-0-DELETE": "on",
        "shares-0-user": share.user_id,
    }  # fmt: skip
    answer = client.post(reverse("admin:downloads_download_change", args=[download.pk]), form)
    assert answer.status_code == (302 if is_own else 200), re.findall(r"errorlist.*?</ul>", answer.content.decode())
    assert Share.objects.exists() is not is_own


def no_inlines(*prefixes: str) -> dict[str, int]:
    return {f"{prefix}-{name}_FORMS": 0 for prefix in prefixes for name in ("TOTAL", "INITIAL")}


def test_service_error_is_shown_in_the_form(root: Client) -> None:
    version = make_version(make_download(), "1.0.0")
    form = {
        "download": version.download.pk,
        "number": "1.0",
        "channel": "stable",
        "visibility": "listed",
        "platforms": "",
    }
    answer = root.post(reverse("admin:versions_version_add"), form | no_inlines("files"))
    assert answer.status_code == 200
    assert b"version 1.0.0 compares equal and exists" in answer.content
    assert Version.objects.count() == 1


@pytest.mark.parametrize(
    ("action", "action_logged"),
    [("unpublish", "version.unpublish"), ("yank", "version.yank"), ("activate", "version.activate"),
     ("archive", "version.archive"), ("delete", "version.delete_soft")],
)  # fmt: skip
def test_actions_call_the_services(root: Client, action: str, action_logged: str) -> None:
    version = make_version(files=1)
    act(root, version, action, reason="because")
    assert AuditEntry.objects.filter(action=action_logged, target_id=version.pk, channel="admin").count() == 1


@pytest.mark.embedded
def test_list_action_asks_for_confirmation_then_applies_to_all_rows(root: Client) -> None:
    versions = [make_version(files=1) for _ in range(3)]
    data = {"action": "yank", "_selected_action": [version.pk for version in versions]}
    url = reverse("admin:versions_version_changelist")
    assert b"Yank" in root.post(url, data).content
    assert not Version.objects.filter(yanked_at__isnull=False).exists()
    root.post(url, data | {"confirmed": "1", "reason": "bad"})
    assert set(Version.objects.values_list("yank_reason", flat=True)) == {"bad"}


def test_question_about_files_names_their_versions(root: Client) -> None:
    versions = [make_version(make_download(title=title), "1.0") for title in ("Tracelens", "Packsmith")]
    files = [make_file(version, name="setup.exe") for version in versions]
    data = {"action": "quarantine", "_selected_action": [file.pk for file in files]}
    page = root.post(reverse("admin:files_file_changelist"), data).content.decode()
    assert re.findall(r"<li>(setup[^<]+)<", page) == ["setup.exe (Packsmith 1.0)", "setup.exe (Tracelens 1.0)"]


@pytest.mark.parametrize("from_list", [True, False])
@pytest.mark.parametrize("is_changed", [True, False])
def test_publishing_a_version_whose_files_changed_since_the_question_is_refused(
    moderator: Client, from_list: bool, is_changed: bool
) -> None:
    download = make_download(category=make_category(requires_approval=True))
    draft = make_version(download, state="draft", files=1)
    version = move(Move.PUBLISH, actor=Actor(user=download.owner), version=draft)
    url = reverse("admin:versions_version_act", args=[version.pk, "publish"])
    data = {"action": "publish", "_selected_action": str(version.pk)}
    if from_list:
        url = reverse("admin:versions_version_changelist")
    page = moderator.post(url, data).content.decode()
    (stamp,) = re.findall(rf'name="seen-{version.pk}" value="([^"]+)"', page)
    if is_changed:
        make_file(version, name="malware.exe")
    answer = moderator.post(url, {**data, "confirmed": "1", f"seen-{version.pk}": stamp}, follow=True)
    version.refresh_from_db()
    assert version.is_released is not is_changed
    assert (b"changed after you opened the page" in answer.content) is is_changed


def test_publishing_without_files_shows_the_reason(root: Client) -> None:
    version = make_version(state="draft")
    answer = root.post(
        reverse("admin:versions_version_act", args=[version.pk, "publish"]), {"confirmed": "1"}, follow=True
    )
    assert b"Add a file first" in answer.content


@pytest.mark.embedded
@pytest.mark.parametrize(("typed", "is_left"), [("", True), ("1.0", True), ("1.0.0", False)])
def test_permanent_deletion_requires_the_typed_number(root: Client, typed: str, is_left: bool) -> None:
    version = make_version(make_download(), "1.0.0", files=1)
    act(root, version, "erase", confirmation=typed)
    assert Version.all_objects.filter(pk=version.pk).exists() is is_left


def test_moderators_without_the_permission_cannot_delete_permanently(moderator: Client) -> None:
    version = make_version(make_download(), "1.0.0")
    act(moderator, version, "erase", confirmation="1.0.0")
    assert Version.objects.filter(pk=version.pk).exists()
    assert AuditEntry.objects.filter(action="hard_delete.refused").exists()


def test_deleted_download_can_be_filtered_and_restored(root: Client) -> None:
    version = make_version()
    act(root, version, "delete")
    url = reverse("admin:versions_version_changelist")
    assert str(version).encode() not in root.get(url).content or Version.objects.count() == 0
    act(root, version, "restore")
    assert Version.objects.filter(pk=version.pk).exists()


def test_key_secret_is_shown_once(root: Client) -> None:
    user = make_user("ann")
    form = {"user": user.pk, "name": "ci", "scopes": ["mc_dm_download:read"]}
    assert root.post(reverse("admin:apikeys_apikey_add"), form)["Location"].startswith("/account/confirm/")
    confirm_password(root, User.objects.get(username="root"))
    answer = root.post(reverse("admin:apikeys_apikey_add"), form)
    secret = re.search(r"rh_\w{42}", answer.content.decode())
    assert secret is not None
    assert verify_key(secret[0]).user == user
    assert secret[0] not in root.get(reverse("admin:apikeys_apikey_changelist")).content.decode()
    act(root, ApiKey.objects.get(), "revoke")
    assert ApiKey.objects.get().revoked_at is not None


@pytest.mark.embedded
def test_forms_for_keys_ask_the_server_for_downloads_instead_of_listing_them(root: Client) -> None:
    chosen, other = make_download(title="Chosen tool"), make_download(title="Other tool")
    confirm_password(root, User.objects.get(username="root"))
    for name in ("apikeys_apikey_add", "downloads_accesskey_import"):
        assert other.title not in root.get(reverse(f"admin:{name}")).content.decode()
    form = {"user": "", "name": "ci", "download_ids": [chosen.pk]}
    page = root.post(reverse("admin:apikeys_apikey_add"), form).content.decode()
    assert (chosen.title in page, other.title in page) == (True, False)
    root.post(reverse("admin:apikeys_apikey_add"), form | {"user": make_user("ann").pk})
    assert ApiKey.objects.get().download_ids == [chosen.pk]


def test_staff_cannot_change_site_administrators(client: Client) -> None:
    client.force_login(make_user("staff", is_staff=True, permissions=("change_user", "view_user")))
    target = make_user("boss", is_staff=True, is_superuser=True)
    answer = client.post(reverse("admin:accounts_user_change", args=[target.pk]), {"username": "taken"})
    assert answer.status_code == 403


@pytest.mark.embedded
def test_query_count_of_lists_is_constant(root: Client) -> None:
    counts: list[dict[str, int]] = []
    for rows in (3, 6):
        for _ in range(rows):
            make_file(make_version())
        counts.append({})
        for model in ("downloads_download", "versions_version", "files_file", "audit_auditentry"):
            with CaptureQueriesContext(connection) as queries:
                root.get(reverse(f"admin:{model}_changelist"))
            counts[-1][model] = len(queries)
    assert counts[0] == counts[1]


@pytest.mark.embedded
def test_a_user_is_anonymized_after_typing_the_name(root: Client) -> None:
    user = make_user("leaver", email="leaver@example.org")
    change = reverse("admin:accounts_user_change", args=[user.pk])
    url = reverse("admin:accounts_user_step", args=[user.pk, "anonymize"])
    assert url in root.get(change).content.decode()
    page = root.get(url).content.decode()
    assert "cannot be undone" in page
    assert "API keys are revoked" in page
    assert "nothing has changed" in root.post(url, {"confirmation": "wrong"}).content.decode()
    assert User.objects.filter(username="leaver").exists()
    confirm_password(root, User.objects.get(username="root"))
    assert root.post(url, {"confirmation": "leaver"}).status_code == 302
    user.refresh_from_db()
    assert (user.email, user.is_active) == ("", False)
    assert url not in root.get(change).content.decode()
    assert root.get(url).status_code == 404


@pytest.mark.embedded
def test_lists_of_versions_show_when_a_version_is_or_will_be_public(root: Client) -> None:
    made = datetime(2024, 5, 6, tzinfo=UTC)
    draft = make_version(number="1.0", state="draft")
    planned = make_version(draft.download, "2.0", state="scheduled", publish_at=timezone.now() + timedelta(days=400))
    Version.objects.update(released_at=made)
    for url in (
        reverse("admin:versions_version_changelist"),
        reverse("admin:downloads_download_change", args=[draft.download_id]),
    ):
        text = root.get(url).content.decode()
        assert "May 6, 2024" not in text
        assert str(planned.publish_at.year) in text


@pytest.mark.embedded
def test_admin_links_to_the_public_page(root: Client) -> None:
    version = make_version()
    for row, page in (
        (version, links.version_path(version)),
        (version.download, version.download.path),
        (version.download, f"{version.download.path}about/statistics/"),
        (version.download.category, version.download.category.path),
    ):
        meta = row._meta
        text = root.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])).content.decode()
        assert f'href="{page}"' in text
