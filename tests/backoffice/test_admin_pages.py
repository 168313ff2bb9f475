"""One page of every kind of the admin in a real browser, wide and light, narrow and dark."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from downloads.models import Download
from files.hub_days import measure_hub_days
from files.models import DownloadDay
from tests.backoffice.test_moderation import Desk
from tests.factories import make_everything, make_user
from tests.pages.test_browser import AXE, sign_in, violations, watched
from versions.models import NamedChannel, Version

__all__ = ["watched"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]
# The list of chosen values of select2, which Django brings along, has the button that empties it as a child.
PAGE = {"exclude": [".select2-selection__rendered"]}
OURS = {"include": [".hub"]}  # the part of a page that the theme does not bring
VIEWS = ((1280, "light"), (360, "dark"))


def build() -> Any:
    """Create one row of every kind, and what the dashboard and the queue show, and return a superuser."""
    root = make_user("root", is_staff=True, is_superuser=True)
    make_everything(root)
    files = Desk().shown.versions.get(number="1.0.0").files
    DownloadDay.objects.create(file=files.get(), day=timezone.now().date(), downloads=7)
    measure_hub_days()
    return root


def pages() -> list[tuple[str, Any]]:
    """Return a page of each template: lists, forms with each widget, read-only rows, questions and uploads.

    The pages that the theme does not bring come last. Each page has the part that the accessibility checker looks at.
    """
    download = Download.objects.get(title="Everything")
    version, other = download.versions.get(number="1.0.0"), make_user("other")
    channel = NamedChannel.objects.filter(downloads__isnull=False)[0]
    rows = {
        "downloads_download_change": [download.pk],
        "downloads_category_change": [download.category_id],
        "versions_version_changelist": [],
        "versions_version_change": [version.pk],
        "versions_version_upload": [version.pk],
        "versions_version_act": [version.pk, "yank"],
        "versions_namedchannel_change": [channel.pk],
        "versions_namedchannel_delete": [channel.pk],
        "accounts_user_change": [other.pk],
        "accounts_user_step": [other.pk, "merge"],
        "audit_auditentry_changelist": [],
        "apikeys_apikey_add": [],
        "downloads_accesskey_import": [],
    }
    shown = Version.objects.get(download__title="Shown", number="1.0.0")
    ours = ("/admin/", "/admin/moderation/", f"/admin/timeline/version/{shown.pk}/")
    theirs = [reverse(f"admin:{name}", args=args) for name, args in rows.items()]
    return [*((path, PAGE) for path in theirs), *((path, OURS) for path in ours)]


def test_pages_of_the_admin_fit_the_screen_and_pass_axe(watched: Any, live_server: Any) -> None:
    """Each page is loaded again for the second view, because the theme chooses its colors when it is loaded."""
    sign_in(watched, live_server, build())
    watched.goto(f"{live_server.url}/account/confirm/")  # as the form for a key asks
    watched.fill("#id_password", "secret-pass-1")
    watched.get_by_role("button", name="Continue").click()
    watched.wait_for_url("**/account/")
    wrong, to_check = [], pages()
    for width, scheme in VIEWS:
        watched.set_viewport_size({"width": width, "height": 900})
        watched.emulate_media(color_scheme=scheme)
        for path, part in to_check:
            watched.goto(live_server.url + path)
            watched.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            if (over := watched.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
                wrong.append((path, width, "wider than the screen", over))
            watched.evaluate(AXE)
            wrong += [(path, width, *found) for found in violations(watched, part)]
    assert wrong == []
