"""A second person in a hub without a mail server: invited to a team, publishing, owner, and locked out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import sign_in, wait_until_checked, window
from tests.hubs import Hub

pytestmark = pytest.mark.embedded
MAX_CLICKS = 8
COUNT_CLICKS = "addEventListener('click', () => { sessionStorage.clicks = Number(sessionStorage.clicks) + 1; }, true)"
PASSWORD, NEW_PASSWORD = "correct-horse-42", "battery-staple-43"


@pytest.fixture
def carol(browser: Any, problems: list[str]) -> Iterator[Any]:
    """The window of a person who gets an account during the test."""
    with window(browser, problems) as page:
        yield page


def here(hub: Hub, link: str) -> str:
    """Return a link of the hub with the host that the windows use, because cookies belong to one host."""
    return hub.url + re.sub(r"^https?://[^/]+", "", link)


def make_link(page: Any, hub: Hub, path: str) -> str:
    page.goto(f"{hub.url}{path}")
    if "/account/confirm/" in page.url:
        page.get_by_label("Password").fill(hub.printed["Password"])
        page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Make the link").click()
    return here(hub, page.locator("#secret").inner_text())


def test_member_is_invited_publishes_becomes_owner_and_gets_a_new_password_without_mail(
    admin: Any, carol: Any, hub: Hub
) -> None:
    carol.add_init_script(COUNT_CLICKS)
    carol.goto(make_link(admin, hub, "/admin/accounts/user/invite/"))
    carol.get_by_label("Username").fill("carol")
    for field in carol.locator("input[type=password]").all():
        field.fill(PASSWORD)
    carol.get_by_role("button", name="Create the account").click()
    carol.wait_for_url("**/account/")

    admin.goto(f"{hub.url}/account/downloads/")
    admin.get_by_role("link", name="Emberfall Engine", exact=True).click()
    admin.get_by_role("link", name="Team", exact=True).click()
    admin.get_by_label("E-mail address or user name").fill("carol")
    admin.get_by_label("Upload:").check()
    admin.get_by_role("button", name="Invite").click()
    carol.reload()
    carol.get_by_text("You can accept once you belong to Northwind Tools.").wait_for()
    admin.get_by_role("link", name="Invite people to Northwind Tools").click()
    admin.get_by_label("E-mail address or user name").fill("carol")
    admin.get_by_role("button", name="Invite").click()
    admin.get_by_text("carol was invited.").wait_for()
    carol.reload()
    carol.get_by_role("button", name="Accept Northwind Tools").click()
    carol.get_by_role("button", name="Accept Emberfall Engine").click()

    carol.evaluate("sessionStorage.clicks = 0")
    carol.get_by_role("link", name="My downloads").first.click()
    carol.get_by_role("link", name="New version of Emberfall Engine").click()
    carol.get_by_label("Version number").fill("4.5.0")
    carol.get_by_role("button", name="Create version and add files").click()
    carol.locator("#id_file").set_input_files({"name": "tool.bin", "mimeType": "", "buffer": b"By a member."})
    carol.get_by_text("stored, and its checksum matches your file", exact=True).wait_for()
    wait_until_checked(carol)
    carol.get_by_role("button", name="Publish now").click()
    carol.get_by_text("The version was published.").wait_for()
    assert int(carol.evaluate("sessionStorage.clicks")) + 2 <= MAX_CLICKS  # two more to choose the file

    admin.goto(f"{hub.url}/account/downloads/")
    admin.get_by_role("link", name="Emberfall Engine", exact=True).click()
    admin.get_by_role("link", name="Change the owner").click()
    admin.get_by_role("textbox").last.fill("carol")
    admin.get_by_role("button", name="Transfer").click()
    admin.get_by_text("carol owns Emberfall Engine now.").wait_for()
    carol.goto(f"{hub.url}/account/downloads/")
    carol.get_by_role("link", name="Emberfall Engine", exact=True).click()
    carol.get_by_text("Delete the download").wait_for()  # only the owner can

    carol.goto(f"{hub.url}/account/password/reset/")
    carol.get_by_text("Ask its operator for a link").wait_for()
    admin.goto(f"{hub.url}/admin/accounts/user/?q=carol")
    admin.get_by_role("link", name="carol").first.click()
    pk = re.search(r"/user/(\d+)/", admin.url)
    assert pk is not None
    carol.goto(make_link(admin, hub, f"/admin/accounts/user/{pk[1]}/password-link/"))
    carol.locator("[name=password]").fill(NEW_PASSWORD)
    carol.locator("main button").click()
    sign_in(carol, hub, "carol", NEW_PASSWORD)
