"""What people do first, in a real browser on the real server: nothing here touches the database or the code."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

import pytest

from releasehub.pages.desk.uploads import PART_BYTES
from tests.browser.conftest import Receiver
from tests.hubs import Hub

pytestmark = pytest.mark.embedded

CONTENT = b"The bytes of a release." * 1000
PARTS = "**/api/uploads/content/**"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def open_admin(page: Any, hub: Hub, section: str) -> None:
    page.goto(f"{hub.url}/admin/")
    page.locator("#nav-sidebar").get_by_role("link", name=re.compile(rf" {section}$")).click()


def choose(page: Any, field: str, text: str) -> None:
    """Pick the first match of a field that searches while somebody types."""
    page.locator(f".field-{field} .select2-selection").click()
    page.locator(".select2-search__field").last.fill(text)
    page.locator(".select2-results__option", has_text=text).first.click()


def save(page: Any) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def act(page: Any, label: str, **fields: str) -> None:
    """Click a button of a row, fill in what it asks, and confirm."""
    page.get_by_role("link", name=label, exact=True).click()
    for name, value in fields.items():
        page.locator(f"#{name}").fill(value)
    page.get_by_role("button", name=label, exact=True).click()


def make_download(page: Any, hub: Hub, title: str) -> None:
    open_admin(page, hub, "Downloads")
    page.locator("a[href$='/downloads/download/add/']").first.click()
    page.locator("#id_title").fill(title)
    choose(page, "category", "")
    save(page)
    page.get_by_text("was added successfully").wait_for()


def make_version(page: Any, hub: Hub, title: str, number: str) -> None:
    open_admin(page, hub, "Versions")
    page.locator("a[href$='/versions/version/add/']").first.click()
    choose(page, "download", title)
    page.locator("#id_number").fill(number)
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_role("link", name="Upload a file").wait_for()


def upload(page: Any, name: str, content: bytes) -> None:
    page.get_by_role("link", name="Upload a file").click()
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})
    page.get_by_role("button", name="Upload", exact=True).click()
    page.get_by_text("1 file uploaded.").wait_for()


def test_release_is_created_published_and_deleted_in_the_browser(admin: Any, visitor: Any, hub: Hub) -> None:
    make_download(admin, hub, "Smoke Tool")
    make_version(admin, hub, "Smoke Tool", "1.0.0")
    upload(admin, "smoke.txt", CONTENT)
    act(admin, "Publish")
    admin.get_by_text("1 published.").wait_for()

    visitor.goto(f"{hub.url}/downloads/smoke-tool/")
    with visitor.expect_download() as started:
        visitor.get_by_role("link", name="smoke.txt").first.click()
    assert hashlib.sha256(started.value.path().read_bytes()).hexdigest() == DIGEST
    release = f"{visitor.url}1.0.0/"
    assert (visitor.goto(release).status, DIGEST in visitor.content()) == (200, True)

    act(admin, "Yank", reason="It deletes the wrong folder.")
    admin.get_by_text("1 yanked.").wait_for()
    visitor.goto(release)
    visitor.get_by_text("It deletes the wrong folder.").first.wait_for()

    act(admin, "Delete (can be restored)", reason="Users should not see it.")
    admin.get_by_text("1 deleted.").wait_for()
    assert visitor.goto(release).status in {404, 410}
    act(admin, "Restore")
    admin.get_by_text("1 restored.").wait_for()
    assert visitor.goto(release).status == 200
    act(admin, "Delete permanently", confirmation="1.0.0")
    admin.get_by_text("1 permanently deleted.").wait_for()
    assert visitor.goto(release).status in {404, 410}


def test_author_publishes_without_the_admin_and_no_interruption_loses_an_uploaded_part(
    admin: Any, visitor: Any, hub: Hub, tmp_path: Path
) -> None:
    """The network is lost, the page is reloaded, the computer sleeps, and a second tab is opened."""
    file = tmp_path / "desk-linux-x64.bin"
    file.write_bytes(os.urandom(2 * PART_BYTES + 5))
    admin.goto(f"{hub.url}/account/downloads/")
    admin.get_by_role("link", name="New download").click()
    admin.get_by_label("Title").fill("Desk Tool")
    admin.get_by_role("button", name="Create download").click()
    admin.get_by_role("link", name="New version").click()
    admin.get_by_label("Release notes").fill("**First** release")
    admin.locator(".preview strong", has_text="First").wait_for()
    admin.get_by_role("button", name="Create version and add files").click()

    arrived: list[str] = []
    admin.context.on(
        "response", lambda sent: arrived.append(sent.url) if sent.ok and sent.request.method == "PUT" else None
    )
    let_through: list[Any] = []

    def cut(route: Any) -> None:
        """The network is lost after the first part. Its response may be reported later than the next request."""
        if let_through:
            route.abort()
        else:
            let_through.append(route)
            route.continue_()

    admin.route(PARTS, cut)
    admin.locator("#id_file").set_input_files(file)
    admin.get_by_text("waiting for the network").wait_for()
    admin.on("dialog", lambda dialog: dialog.accept())  # the browser asks whether to leave the running upload
    admin.clock.install()
    admin.reload()
    admin.unroute(PARTS)
    admin.get_by_text("choose the same file again").wait_for()
    second = admin.context.new_page()
    second.goto(admin.url)
    tried: list[Any] = []

    def wake(route: Any) -> None:
        """While the computer slept, the signed URL expired, and then the connection died without an error."""
        tried.append(route)
        if len(tried) == 1:
            route.fulfill(status=403)
        elif len(tried) > 2:
            route.continue_()

    admin.route(PARTS, wake)
    for page in (admin, second):
        page.locator("#id_file").set_input_files(file)
    second.get_by_text("another tab is uploading this file").wait_for()
    while len(tried) < 2:
        admin.wait_for_timeout(100)
    admin.clock.fast_forward("05:00")
    for page in (admin, second):
        page.get_by_text("stored, and its checksum matches your file", exact=True).wait_for()
    assert len(arrived) == 3

    admin.get_by_role("button", name="Publish now").click()
    admin.get_by_text("The version was published.").wait_for()
    visitor.goto(f"{hub.url}/downloads/desk-tool/")
    with visitor.expect_download() as started:
        visitor.get_by_role("link", name="desk-linux-x64.bin").first.click()
    assert started.value.path().read_bytes() == file.read_bytes()


def test_visitor_searches_downloads_and_reads_comments_of_a_watcher(admin: Any, visitor: Any, hub: Hub) -> None:
    visitor.goto(hub.url)
    visitor.get_by_role("searchbox").first.fill("paksmith")  # a typo of the demo's Packsmith
    visitor.get_by_role("searchbox").first.press("Enter")
    found = visitor.locator("main :is(h2, h3) a", has_text="Packsmith").first
    found.click()
    with visitor.expect_download() as started:
        visitor.locator(".newest .button.large").click()
    assert "packsmith" in started.value.suggested_filename

    page = visitor.url
    admin.goto(page)
    admin.get_by_role("button", name="Watch", exact=True).click()
    admin.get_by_role("button", name="Stop watching").wait_for()
    admin.locator("#comments ~ form textarea").fill("It **works** here.")
    admin.locator(".preview strong", has_text="works").wait_for()
    admin.get_by_role("button", name="Post comment").click()
    admin.locator(".opinions strong", has_text="works").wait_for()
    visitor.goto(page)
    visitor.locator(".opinions strong", has_text="works").wait_for()


def test_share_link_opens_a_private_download(admin: Any, visitor: Any, hub: Hub) -> None:
    admin.goto(f"{hub.url}/account/downloads/new/")
    admin.get_by_label("Title").fill("Secret Tool")
    admin.get_by_label("Private").check()
    admin.get_by_role("button", name="Create download").click()
    admin.get_by_role("link", name="New version").click()
    admin.get_by_role("button", name="Create version and add files").click()
    admin.locator("#id_file").set_input_files({"name": "secret.bin", "mimeType": "", "buffer": CONTENT})
    admin.get_by_text("stored, and its checksum matches your file", exact=True).wait_for()
    admin.get_by_role("button", name="Publish now").click()
    admin.get_by_text("The version was published.").wait_for()
    assert visitor.goto(f"{hub.url}/downloads/secret-tool/").status == 404

    admin.goto(f"{hub.url}/account/access-keys/new/")
    admin.get_by_label("Download", exact=True).select_option(label="Secret Tool")
    admin.get_by_label("Name", exact=True).fill("A customer")
    admin.get_by_role("button", name="Create key").click()
    visitor.goto(admin.locator("#share").inner_text())
    with visitor.expect_download() as started:
        visitor.get_by_role("link", name="secret.bin").first.click()
    assert started.value.path().read_bytes() == CONTENT


def test_permanent_deletion_asks_for_the_name(admin: Any, hub: Hub) -> None:
    make_download(admin, hub, "Kept Tool")
    open_admin(admin, hub, "Downloads")
    admin.get_by_role("link", name="Kept Tool").click()
    act(admin, "Delete permanently", confirmation="something else")
    admin.get_by_role("alert").wait_for()
    open_admin(admin, hub, "Downloads")
    admin.get_by_role("link", name="Kept Tool").wait_for()


def test_api_key_is_issued_works_and_is_revoked(admin: Any, hub: Hub) -> None:
    admin.goto(f"{hub.url}/account/keys/")
    admin.get_by_label("Name", exact=True).fill("pipeline")
    admin.get_by_label("v3: read releases").check()
    admin.get_by_role("button", name="Create key").click()
    admin.get_by_label("Password").fill(hub.printed["Password"])
    admin.get_by_role("button", name="Continue").click()
    headers = {"XF-Api-Key": admin.locator("#secret").inner_text()}
    assert ask(admin, hub, headers) == 200
    admin.goto(f"{hub.url}/account/keys/")
    admin.locator("li, tr", has_text="pipeline").get_by_role("button", name="Revoke").click()
    admin.get_by_text("The API key pipeline was revoked.").wait_for()
    assert ask(admin, hub, headers) in {401, 403}


def ask(page: Any, hub: Hub, headers: dict[str, str]) -> int:
    return int(page.request.get(f"{hub.url}/v3/me/releases", headers=headers).status)


def test_webhook_is_delivered_and_replayed(admin: Any, hub: Hub, receiver: Receiver) -> None:
    open_admin(admin, hub, "Webhook endpoints")
    admin.locator("a[href$='/webhooks/endpoint/add/']").first.click()
    admin.locator("#id_url").fill(receiver.url)
    save(admin)
    admin.get_by_text("whsec_").wait_for()
    open_admin(admin, hub, "Webhook endpoints")
    admin.get_by_role("link", name=receiver.url).click()
    act(admin, "Send test event")
    first = receiver.ids.get(timeout=180)

    open_admin(admin, hub, "Deliveries")
    admin.get_by_role("link", name=first).click()
    act(admin, "Replay")
    assert receiver.ids.get(timeout=180) == first
    labels = re.findall(r"Attempt \d+ of \d+", admin.content(), re.IGNORECASE)
    assert labels == []
