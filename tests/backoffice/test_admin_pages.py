"""One page of every kind of the admin in a real browser, wide and light, narrow and dark."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from downloads.models import Download
from tests.factories import make_everything, make_user
from tests.pages.test_browser import AXE, sign_in, watched
from versions.models import NamedChannel

__all__ = ["watched"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]
# The list of chosen values of select2, which Django brings along, has the button that empties it as a child.
VENDORS = ".select2-selection__rendered"


def pages() -> list[str]:
    """Return a page of each template: lists, forms with each widget, read-only rows, questions and uploads."""
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
    return [reverse(f"admin:{name}", args=args) for name, args in rows.items()]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_pages_of_the_admin_fit_the_screen_and_pass_axe(
    watched: Any, live_server: Any, width: int, scheme: str
) -> None:
    root = make_user("root", is_staff=True, is_superuser=True)
    make_everything(root)
    watched.set_viewport_size({"width": width, "height": 900})
    watched.emulate_media(color_scheme=scheme)
    sign_in(watched, live_server, root)
    watched.goto(f"{live_server.url}/account/confirm/")  # as the form for a key asks
    watched.fill("#id_password", "secret-pass-1")
    watched.get_by_role("button", name="Continue").click()
    watched.wait_for_url("**/account/")
    wrong = []
    for path in pages():
        watched.goto(live_server.url + path)
        watched.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if (over := watched.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            wrong.append((path, "wider than the screen", over))
        watched.evaluate(AXE)
        found = watched.evaluate(f"axe.run({{exclude: ['{VENDORS}']}})")["violations"]
        wrong += [(path, issue["id"], node["html"][:160]) for issue in found for node in issue["nodes"]]
    assert wrong == []
