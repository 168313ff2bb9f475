"""The pages that the theme does not bring, in a real browser: narrow and dark, wide and light, and by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from files.hub_days import measure_hub_days
from files.models import DownloadDay
from releasehub.community.models import Comment
from tests.backoffice.test_moderation import Desk
from versions.models import Version

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]
AXE = (Path(__file__).parents[1] / "pages/axe.min.js").read_text(encoding="utf-8")
PAGES = ("/admin/", "/admin/moderation/", "/admin/timeline/version/{version}/")


@pytest.fixture
def staff(page: Any, live_server: Any) -> Any:
    """A browser that is signed in as a moderator. It fails on console errors and on requests to other hosts."""
    problems: list[str] = []
    page.set_default_timeout(180_000)
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    known = (live_server.url, "data:")
    page.on("request", lambda sent: None if sent.url.startswith(known) else problems.append(sent.url))
    desk = Desk()
    desk.user.user_permissions.set(desk.user.user_permissions.model.objects.all())
    page.goto(f"{live_server.url}/account/sign-in/")
    page.fill("#id_username", desk.user.username)
    page.fill("#id_password", "secret-pass-1")
    page.click("main button")
    page.wait_for_url("**/account/")
    yield page
    assert problems == []


def check(page: Any) -> None:
    """The page fits the window, and the accessibility checker finds nothing in the part that the theme did not make."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    page.evaluate(AXE)
    violations = page.evaluate("axe.run('.hub')")["violations"]
    found = [(item["id"], [node["html"] for node in item["nodes"]][:3]) for item in violations]
    assert found == [], page.url


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
def test_pages_fit_the_screen_and_pass_axe(staff: Any, live_server: Any, width: int, scheme: str) -> None:
    staff.set_viewport_size({"width": width, "height": 900})
    staff.emulate_media(color_scheme=scheme)
    version = Version.objects.get(number="1.0.0")
    DownloadDay.objects.create(file=version.files.get(), day=timezone.now().date(), downloads=7)
    measure_hub_days()
    for path in PAGES:
        staff.goto(live_server.url + path.format(version=version.pk))
        check(staff)


def test_queue_is_worked_off_by_keyboard(staff: Any, live_server: Any) -> None:
    staff.goto(f"{live_server.url}/admin/moderation/?kind=comment")
    staff.keyboard.press("j")
    staff.keyboard.press("r")
    staff.keyboard.type("jk a note")
    staff.keyboard.press("Escape")
    staff.keyboard.press("r")
    staff.wait_for_selector("text=1 rejected.")
    assert Comment.all_objects.get().delete_reason == "jk a note"
