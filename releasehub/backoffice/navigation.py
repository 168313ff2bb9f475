"""The sidebar of the admin, with only the links that the user may open."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from releasehub.backoffice.moderation.views import may_moderate
from releasehub.core.site import site_name

SECTIONS = (
    (
        "Releases",
        (
            ("Downloads", "deployed_code", "downloads_download"),
            ("Versions", "new_releases", "versions_version"),
            ("Files", "draft", "files_file"),
            ("Imports", "move_to_inbox", "importing_importsource"),
            ("Import runs", "sync", "importing_importrun"),
        ),
    ),
    (
        "Retention",
        (
            ("Retention rules", "auto_delete", "publishing_retentionrule"),
            ("Retention runs", "event_repeat", "publishing_retentionrun"),
            ("Legal holds", "gavel", "downloads_legalhold"),
        ),
    ),
    (
        "Community",
        (
            ("Comments", "forum", "community_comment"),
            ("Reviews", "star", "community_review"),
            ("Reports", "flag", "community_report"),
            ("Pictures of users", "account_circle", "files_avatar"),
        ),
    ),
    (
        "Access",
        (
            ("API keys", "key", "apikeys_apikey"),
            ("Access keys", "vpn_key", "downloads_accesskey"),
            ("Users", "person", "accounts_user"),
            ("Groups", "group", "auth_group"),
            ("Organizations", "domain", "accounts_organization"),
            ("Invitations", "mail", "accounts_invitation"),
        ),
    ),
    (
        "Structure",
        (
            ("Categories", "account_tree", "downloads_category"),
            ("Prefixes", "label", "downloads_prefix"),
            ("Channels", "call_split", "versions_namedchannel"),
            ("Platforms", "devices", "versions_namedplatform"),
        ),
    ),
    (
        "Records",
        (
            ("Audit log", "history", "audit_auditentry"),
            ("Audit sinks", "output", "audit_auditsink"),
            ("Webhook endpoints", "webhook", "webhooks_endpoint"),
            ("Deliveries", "send", "webhooks_delivery"),
            ("Downloads by day", "bar_chart", "files_downloadday"),
            ("Backups", "backup", "operations_backuprun"),
        ),
    ),
    (
        "Internals",
        (
            ("Events", "bolt", "webhooks_event"),
            ("Uploads", "upload", "files_uploadsession"),
            ("Stored files", "database", "files_blob"),
            ("Public numbers", "block", "versions_publicnumber"),
            ("Public file names", "block", "files_publicfilename"),
            ("Public slugs", "block", "downloads_publicslug"),
        ),
    ),
)


# Pages that belong to no model, with the functions that decide who may open them.
PAGES: tuple[tuple[str, str, str, Callable[[HttpRequest], bool]], ...] = (
    ("Moderation", "rule", "moderation", may_moderate),
)


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the links that this user may open. The admin class of the model decides, as it does for its pages."""
    pages = [
        {"title": name, "icon": icon, "link": reverse(f"admin:{view}")}
        for name, icon, view, may_see in PAGES
        if may_see(request)
    ]
    visible_sections = ((title, [item for item in items if may_open(request, item[2])]) for title, items in SECTIONS)
    daily_work = [{"title": "Daily work", "separator": False, "items": pages}] if pages else []
    return daily_work + [
        {
            "title": title,
            "separator": True,
            "items": [
                {"title": name, "icon": icon, "link": reverse(f"admin:{model}_changelist")}
                for name, icon, model in items
            ],
        }
        for title, items in visible_sections
        if items
    ]


def may_open(request: HttpRequest, label: str) -> bool:
    """Return True if the user may open the list of a model.

    `label` is the app and the model, joined by an underscore as in the names of the admin's URLs.
    """
    app, _, model = label.partition("_")
    return bool(admin.site.get_model_admin(apps.get_model(app, model)).has_view_or_change_permission(request))


def stylesheet(request: HttpRequest) -> str:
    return static("releasehub/admin.css")


def script(request: HttpRequest) -> str:
    return static("releasehub/admin.js")


def title_of_site(request: HttpRequest) -> str:
    return site_name()
