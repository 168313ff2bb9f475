"""Uploads from the author's desk that are interrupted in every way, in a real browser on the real server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from releasehub.pages.desk.uploads import PART_BYTES
from tests.browser.conftest import sign_in, wait_until, wait_until_checked
from tests.hubs import Hub

pytestmark = pytest.mark.embedded
PARTS = "**/api/uploads/content/**"
NO_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined })"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of two parts, of which the second one has five bytes."""
    path = tmp_path / "desk-linux-x64.bin"
    path.write_bytes(os.urandom(PART_BYTES + 5))
    return path


class Network:
    """The network between the tabs of a browser and the storage. It can be held up and go on later.

    Attributes:
        arrived: The URLs of the parts that the storage accepted.
        waiting: The requests of parts that are held up.
    """

    def __init__(self, page: Any) -> None:
        self.arrived: list[str] = []
        self.waiting: list[Any] = []
        self.is_held = False
        self._page = page
        page.context.on("response", self._see)
        # From the start, because a browser that just begins to load a page may overlook what is to be held up.
        page.context.route(PARTS, self._pass)

    def _see(self, answer: Any) -> None:
        if answer.ok and answer.request.method == "PUT":
            self.arrived.append(answer.url)

    def _pass(self, route: Any) -> None:
        if self.is_held:
            self.waiting.append(route)
        else:
            route.continue_()

    def hold(self) -> None:
        self.is_held = True

    def wait_for(self, count: int) -> None:
        """Let the browser work until so many requests are held up."""
        wait_until(self._page, lambda: len(self.waiting) >= count)

    def go_on(self) -> None:
        self.is_held = False
        for route in self.waiting:
            route.continue_()


def open_draft(page: Any, hub: Hub, title: str) -> None:
    """Create a download with a draft by an impatient user, and stay on the page that uploads its files."""
    page.goto(f"{hub.url}/account/downloads/new/")
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Create download").dblclick()
    page.get_by_role("link", name="New version").click()
    page.get_by_label("Release notes").fill("**First** release")
    page.locator(".preview strong", has_text="First").wait_for()
    page.get_by_role("button", name="Create version and add files").dblclick()
    page.locator("#id_file").wait_for()


def wait_until_stored(page: Any) -> None:
    page.get_by_text("stored, and its checksum matches your file", exact=True).wait_for()


def test_author_publishes_without_the_admin_and_no_interruption_loses_an_uploaded_part(
    admin: Any, visitor: Any, hub: Hub, file: Path
) -> None:
    """The network is lost, the page is reloaded, the computer sleeps, and a second tab is opened."""
    network = Network(admin)
    let_through: list[Any] = []

    def cut(route: Any) -> None:
        """The network is lost after the first part. Its response may be reported later than the next request."""
        if let_through:
            route.abort()
        else:
            let_through.append(route)
            route.continue_()

    admin.route(PARTS, cut)
    open_draft(admin, hub, "Desk Tool")
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
    wait_until(admin, lambda: len(tried) >= 2)
    admin.clock.fast_forward("05:00")
    for page in (admin, second):
        wait_until_stored(page)
    assert len(network.arrived) == 2

    wait_until_checked(admin)
    admin.get_by_role("button", name="Publish now").click()
    admin.get_by_text("The version was published.").wait_for()
    visitor.goto(f"{hub.url}/downloads/desk-tool/")
    with visitor.expect_download() as started:
        visitor.get_by_role("link", name="desk-linux-x64.bin").first.click()
    assert started.value.path().read_bytes() == file.read_bytes()


def test_dropped_changelog_becomes_the_notes_of_the_version(admin: Any, hub: Hub) -> None:
    """PowerShell writes UTF-16, many changelogs underline their headings, and commands have comments."""
    section = "- Fixed é\n\n```\n# a comment\n```"
    changelog = f"Changes\n=======\n\n1.4.0 (2026-11-30)\n------------------\n\n{section}\n\n1.3.0\n-----\n\n- Old\n"
    admin.goto(f"{hub.url}/account/downloads/new/")
    admin.get_by_label("Title").fill("Notes from a file")
    admin.get_by_role("button", name="Create download").click()
    admin.get_by_role("link", name="New version").click()
    admin.get_by_label("Number").fill("1.4.0")
    notes = admin.get_by_label("Release notes")
    notes.evaluate(
        """(area, bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "CHANGELOG.md"));
          area.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }""",
        list(changelog.encode("utf-16")),
    )
    admin.locator(".preview li", has_text="Fixed é").wait_for()
    assert notes.input_value() == section


def test_buttons_that_did_not_change_stay_so_that_no_click_and_no_focus_is_lost(
    admin: Any, hub: Hub, file: Path, tmp_path: Path
) -> None:
    open_draft(admin, hub, "Steady Tool")
    admin.locator("#id_file").set_input_files(file)
    wait_until_stored(admin)
    publish = admin.get_by_role("button", name="Publish now")
    publish.focus()
    notes = tmp_path / "notes.txt"
    notes.write_text("more")
    admin.locator("#id_file").set_input_files(notes)
    admin.locator("#files", has_text="notes.txt").wait_for()
    admin.get_by_text("stored, and its checksum matches your file", exact=True).nth(1).wait_for()
    assert publish.evaluate("button => button === document.activeElement")


def test_button_that_is_pressed_while_the_page_changes_keeps_its_click(admin: Any, hub: Hub, file: Path) -> None:
    open_draft(admin, hub, "Patient Tool")
    admin.locator("#id_file").set_input_files(file)
    wait_until_stored(admin)
    admin.locator("#publish").evaluate("element => element.append('changed')")  # so that each refresh finds a change
    wait_until_checked(admin)
    admin.get_by_role("button", name="Publish now").focus()
    admin.keyboard.down("Space")
    admin.locator("#id_file").set_input_files({"name": "b.txt", "mimeType": "text/plain", "buffer": b"b"})
    admin.locator("#files", has_text="b.txt").wait_for()
    admin.get_by_text("stored, and its checksum matches your file", exact=True).nth(1).wait_for()
    admin.keyboard.up("Space")
    admin.get_by_text("The version was published.").wait_for()


def test_file_that_is_chosen_before_the_script_arrives_is_uploaded(admin: Any, hub: Hub, file: Path) -> None:
    open_draft(admin, hub, "Quick Tool")
    scripts: list[Any] = []
    admin.route("**/upload.*.js", lambda route: scripts.append(route))
    admin.reload(wait_until="commit")
    admin.locator("#id_file").set_input_files(file)
    wait_until(admin, lambda: bool(scripts))
    scripts[0].continue_()
    wait_until_stored(admin)


def test_upload_goes_on_after_a_new_sign_in_when_the_session_has_ended(admin: Any, hub: Hub, file: Path) -> None:
    network = Network(admin)
    open_draft(admin, hub, "Evening Tool")
    network.hold()
    admin.locator("#id_file").set_input_files(file)
    network.wait_for(1)
    admin.context.clear_cookies()
    network.go_on()
    admin.get_by_text("Your session has ended. Sign in again in another tab, then resume.").wait_for()
    sign_in(admin.context.new_page(), hub, hub.printed["User"], hub.printed["Password"])
    admin.get_by_role("button", name="Resume").click()
    wait_until_stored(admin)
    assert len(network.arrived) == 2
    admin.goto(f"{hub.url}/account/downloads/")
    assert admin.get_by_role("link", name="Evening Tool", exact=True).count() == 1


def test_two_tabs_of_a_browser_without_locks_store_one_file(admin: Any, hub: Hub, file: Path) -> None:
    """Browsers have the Web Locks API on https and on localhost only. Without it, two tabs send the same parts."""
    admin.context.add_init_script(NO_LOCKS)
    network = Network(admin)
    open_draft(admin, hub, "Plain Tool")
    network.hold()
    admin.locator("#id_file").set_input_files(file)
    network.wait_for(1)
    second = admin.context.new_page()
    second.goto(admin.url)
    second.locator("#id_file").set_input_files(file)
    network.wait_for(2)  # the second tab does not wait for the first one
    network.go_on()
    for page in (admin, second):
        wait_until_stored(page)
    stored = admin.locator("#files .file-name")
    stored.first.wait_for()  # the list is loaded again after the message
    assert stored.count() == 1
