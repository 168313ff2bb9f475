"""The matrix of the ready-made roles: what each sees and can do on every page of the admin, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import NoReverseMatch, reverse

from releasehub.accounts.models import User
from releasehub.accounts.staff_roles import ROLES, create_staff_roles
from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.base import admin_actor
from tests.backoffice.test_offers import request_of
from tests.confirming import confirm_password
from tests.conftest import begin_with
from tests.factories import make_avatar, make_everything, make_user

NOTHING = ("", "", "", "")
EVERYBODY = ("view",) * 4
RECORDS = ("view", "", "view", "")
# Moderator, Support, Auditor, Operator. "view" with the actions of the pages; "empty" is a list without visible rows.
MATRIX = {
    "accounts.invitation": ("", "view", "view", ""),
    "accounts.organization": ("", "view change", "view", ""),
    "accounts.user": ("", "view add change", "view", ""),
    "apikeys.apikey": ("empty add", "view add revoke", "view add", "empty add"),
    "audit.auditentry": RECORDS,
    "audit.auditsink": NOTHING,
    "auth.group": ("", "", "view", ""),
    "community.comment": ("view change approve reject delete restore", "view", "view", "view erase"),
    "community.report": ("view resolve dismiss", "", "view", ""),
    "community.review": ("view change delete restore", "view", "view", "view erase"),
    "downloads.accesskey": ("view add revoke", "", "", ""),
    "downloads.category": EVERYBODY,
    "downloads.download": (
        "view add change transfer feature delete restore",
        "view",
        "view",
        "view hold lift erase",
    ),
    "downloads.legalhold": ("view", "", "view", "view"),
    "downloads.prefix": EVERYBODY,
    "downloads.publicslug": RECORDS,
    "files.avatar": ("view remove", "view remove", "", ""),
    "files.blob": ("view", "", "view", "view"),
    "files.downloadday": ("view", "", "view", "view"),
    "files.file": ("view change delete restore quarantine", "view", "view", "view erase"),
    "files.publicfilename": RECORDS,
    "files.uploadsession": ("view", "", "view", "view"),
    "importing.importrun": ("view", "", "", ""),
    "importing.importsource": ("view", "", "", ""),
    "operations.backuprun": ("", "", "view", "view"),
    "publishing.retentionrule": ("view", "", "", "view add change delete"),
    "publishing.retentionrun": ("view", "", "view", "view"),
    "versions.namedchannel": ("view add change delete", *EVERYBODY[1:]),
    "versions.namedplatform": ("view add change delete", *EVERYBODY[1:]),
    "versions.publicnumber": RECORDS,
    "versions.version": (
        "view add change publish unpublish yank unyank activate mark-security archive delete restore",
        "view",
        "view",
        "view erase",
    ),
    "webhooks.delivery": ("view replay", "", "view", "view replay"),
    "webhooks.endpoint": (
        "view add change test pause rotate-secret replay-failed delete",
        "",
        "view",
        "view add change test pause rotate-secret replay-failed delete",
    ),
    "webhooks.event": ("view", "", "view", "view"),
}
# Pages beside those of the models: the roles that may open them.
PAGES = {
    "accounts_user_invite": "Support",
    "accounts_user_password_link": "Support",
    "accounts_user_step": "Support",
    "auth_user_password_change": "Support",
    "downloads_accesskey_import": "Moderator",
    "downloads_download_pictures": "Moderator",
    "files_storage": "Moderator Auditor Operator",
    "moderation": "Moderator",
    "publishing_deleted": "Moderator",
    "timeline": "Moderator Auditor",
    "versions_version_upload": "Moderator",
}
# Pages that every member of staff may open, pages that take POST only, and pages whose rights the matrix covers.
OF_ALL = {
    *("index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n", "view_on_site"),
    *("app_list", "search", "find"),
    *("downloads_download_picture",),
}
STANDARD = ("changelist", "add", "change", "delete", "history", "act", "export", "filters")


def build() -> dict[str, User]:
    create_staff_roles()
    owner = make_user("owner")
    make_everything(owner)
    make_avatar(owner)
    Authenticator.objects.create(user=owner, type="totp", data={})
    people = {name: make_user(name, is_staff=True) for name in ROLES}
    for name, user in people.items():
        user.groups.add(Group.objects.get(name=name))
    return people


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


def abilities(user: User, model_admin: Any) -> set[str]:
    """Return what the user can do in the admin class: the pages, and the actions that any row offers."""
    request = request_of(user)
    if not model_admin.has_view_or_change_permission(request) or not model_admin.has_module_permission(request):
        return set()
    rows = list(model_admin.get_queryset(request))
    able = ["view" if rows else "empty"]
    able += ["add"] if model_admin.has_add_permission(request) else []
    able += ["change"] if any(model_admin.has_change_permission(request, row) for row in rows) else []
    able += ["delete"] if any(model_admin.has_delete_permission(request, row) for row in rows) else []
    if isinstance(model_admin, ActionAdmin):
        able += [
            action.name
            for action in model_admin.row_actions
            if any(model_admin.offers(admin_actor(request), action, row) for row in rows)
        ]
    return set(able)


def named_pages() -> set[str]:
    names = {pattern.name for pattern in admin.site.get_urls() if getattr(pattern, "name", None)}
    for model, model_admin in admin.site._registry.items():
        prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
        standard = {prefix + name for name in STANDARD}
        names |= {pattern.name for pattern in model_admin.get_urls() if pattern.name} - standard
    return names


def url_of(name: str) -> str:
    """Return the URL of the page, for a row of the owner where it is about a row."""
    owner = User.objects.get(username="owner")
    download = owner.downloads.get(title="Everything")
    rows = {"accounts": owner, "auth": owner, "downloads": download, "versions": download.versions.get(number="1.0.0")}
    more = {"accounts_user_step": [owner.pk, "disable"], "timeline": ["download", download.pk]}
    if name in more:
        return reverse(f"admin:{name}", args=more[name])
    try:
        return reverse(f"admin:{name}")
    except NoReverseMatch:
        return reverse(f"admin:{name}", args=[rows[name.partition("_")[0]].pk])


@pytest.mark.parametrize("role", ROLES)
def test_role_sees_and_can_do_exactly_its_part(world: dict[str, User], role: str) -> None:
    column = list(ROLES).index(role)
    found = {model._meta.label_lower: abilities(world[role], row) for model, row in admin.site._registry.items()}
    assert found == {label: set(cells[column].split()) for label, cells in MATRIX.items()}


@pytest.mark.parametrize("role", ROLES)
def test_role_opens_exactly_its_pages(world: dict[str, User], client: Client, role: str) -> None:
    """The server refuses every page and action that the matrix leaves out, even if no link leads there."""
    client.force_login(world[role])
    confirm_password(client, world[role])
    refused = [label for label, cells in MATRIX.items() if not cells[list(ROLES).index(role)]]
    names = ["admin:{}_{}".format(*label.split(".")) for label in refused]
    lists = {reverse(f"{name}_changelist"): False for name in names}
    lists |= {reverse(f"{name}_export", args=["csv"]): False for name in names if name != "admin:auth_group"}
    pages = {url_of(name): role in roles.split() for name, roles in PAGES.items()}
    answers = {url: client.get(url).status_code for url in lists | pages}
    assert {url: status == 200 for url, status in answers.items()} == lists | pages
    assert set(answers.values()) <= {200, 403, 404}


def test_every_page_of_the_admin_is_in_the_matrix(world: dict[str, User]) -> None:
    assert named_pages() - OF_ALL == set(PAGES)
