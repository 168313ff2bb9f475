"""What people do first, in a real browser on the real server: nothing here touches the database or the code."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from tests.browser.conftest import Receiver, wait_until_checked
from tests.hubs import Hub

pytestmark = pytest.mark.embedded

CONTENT = b"The bytes of a release." * 1000
MAX_REQUESTS, MAX_BYTES = 8, 60 * 1024  # of a page without its pictures, compressed as the hub sends them
MEASURE_SHIFTS = """new PerformanceObserver((list) => {
    window.shifts = (window.shifts || 0) + list.getEntries().length;
}).observe({type: "layout-shift", buffered: true})"""
WEIGHT = """() => {
    const sent = ["navigation", "resource"].flatMap(kind => performance.getEntriesByType(kind));
    const counted = sent.filter(entry => entry.initiatorType !== "img");
    return [counted.length, counted.reduce((sum, entry) => sum + entry.encodedBodySize, 0), window.shifts || 0];
}"""
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def open_section(page: Any, section: str) -> None:
    """Click on a section of the admin's menu, which every page of the admin has."""
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
    page.goto(f"{hub.url}/admin/")
    open_section(page, "Downloads")
    page.locator("a[href$='/downloads/download/add/']").first.click()
    page.locator("#id_title").fill(title)
    choose(page, "category", "")
    save(page)
    page.get_by_text("was added successfully").wait_for()


def make_version(page: Any, title: str, number: str) -> None:
    open_section(page, "Versions")
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
    make_version(admin, "Smoke Tool", "1.0.0")
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
    act(admin, "Delete permanently", confirmation="something else")
    admin.get_by_role("alert").wait_for()
    admin.locator("#confirmation").fill("1.0.0")
    admin.get_by_role("button", name="Delete permanently", exact=True).click()
    admin.get_by_text("1 permanently deleted.").wait_for()
    assert visitor.goto(release).status in {404, 410}


def test_visitor_searches_downloads_and_reads_comments_of_a_watcher(admin: Any, visitor: Any, hub: Hub) -> None:
    visitor.add_init_script(MEASURE_SHIFTS)
    visitor.goto(hub.url)
    check_weight(visitor)
    visitor.get_by_role("searchbox").first.fill("paksmith")  # a typo of the demo's Packsmith
    visitor.get_by_role("searchbox").first.press("Enter")
    found = visitor.locator("main :is(h2, h3) a", has_text="Packsmith").first
    found.click()
    check_weight(visitor)
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


def check_weight(page: Any) -> None:
    """The page is light, and nothing moves while it loads."""
    page.wait_for_load_state()
    requests, size, shifts = page.evaluate(WEIGHT)
    assert requests <= MAX_REQUESTS
    assert 0 < size <= MAX_BYTES
    assert shifts == 0


def test_share_link_opens_a_private_download(admin: Any, visitor: Any, hub: Hub) -> None:
    admin.goto(f"{hub.url}/account/downloads/new/")
    admin.get_by_label("Title").fill("Secret Tool")
    admin.get_by_label("Private").check()
    admin.get_by_role("button", name="Create download").click()
    admin.get_by_role("link", name="New version").click()
    admin.get_by_role("button", name="Create version and add files").click()
    admin.locator("#id_file").set_input_files({"name": "secret.bin", "mimeType": "", "buffer": CONTENT})
    admin.get_by_text("stored, and its checksum matches your file", exact=True).wait_for()
    wait_until_checked(admin)
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
    admin.goto(f"{hub.url}/admin/webhooks/endpoint/add/")
    admin.locator("#id_url").fill(receiver.url)
    save(admin)
    admin.get_by_text("whsec_").wait_for()
    open_section(admin, "Webhook endpoints")
    admin.get_by_role("link", name=receiver.url).click()
    act(admin, "Send test event")
    first = receiver.ids.get(timeout=180)

    open_section(admin, "Deliveries")
    admin.get_by_role("link", name=first).click()
    act(admin, "Replay")
    assert receiver.ids.get(timeout=180) == first
    labels = re.findall(r"Attempt \d+ of \d+", admin.content(), re.IGNORECASE)
    assert labels == []
