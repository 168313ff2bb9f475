"""The moderation queue in a real browser, by keyboard. `test_admin_pages.py` looks at all pages of the admin."""

from __future__ import annotations

from typing import Any

import pytest

from releasehub.community.models import Comment
from tests.backoffice.test_moderation import Desk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]


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


def test_queue_is_worked_off_by_keyboard(staff: Any, live_server: Any) -> None:
    staff.goto(f"{live_server.url}/admin/moderation/?kind=comment")
    staff.keyboard.press("j")
    staff.keyboard.press("r")
    staff.keyboard.type("jk a note")
    staff.keyboard.press("Escape")
    staff.keyboard.press("r")
    staff.wait_for_selector("text=1 rejected.")
    assert Comment.all_objects.get().delete_reason == "jk a note"
