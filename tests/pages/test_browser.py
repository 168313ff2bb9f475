"""The pages in a real browser, narrow and wide, light and dark."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from files.models import DownloadDay
from releasehub.distribution import links
from releasehub.search.refresh import refresh_index
from releasehub.webhooks.delivery import deliver_batch
from releasehub.webhooks.disabling import disable_gone
from releasehub.webhooks.models import Endpoint
from tests.factories import (
    image_bytes,
    make_category,
    make_comment,
    make_download,
    make_file,
    make_review,
    make_user,
    make_version,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]
ABOUT = ("versions/", "compare/?from=1.0.0&to=1.1.0", "changelog/", "statistics/")
# The second look has the same elements, so axe only repeats the rules about colors and sizes.
LOOK_RULES = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
LOOKS: tuple[tuple[int, str, dict[str, Any]], ...] = ((1280, "light", {}), (360, "dark", {"runOnly": LOOK_RULES}))
# Leave out what no check reads: elements that are in order, the selectors of others, and copies of all style sheets.
AXE_OPTIONS = {"resultTypes": ["violations"], "selectors": False, "preload": {"assets": ["media"]}}
MAX_REQUESTS = 8  # of one page, with the page itself
RUN_AXE = "([context, options]) => axe.run(context, options).then(found => found.violations)"
CLICK_TWICE = """button => {
  const stopped = [];
  addEventListener("submit", event => stopped.push(event.defaultPrevented));
  button.click();
  button.click();
  return {stopped, busy: button.ariaBusy};
}"""
AXE = Path(__file__).with_name("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def watched(page: Any, live_server: Any) -> Any:
    """The page; at the end there was no complaint in the console and no request to another host."""
    problems: list[str] = []
    known = (live_server.url, "data:")
    page.set_default_timeout(180_000)
    page.on("console", lambda message: problems.append(message.text) if is_complaint(message) else None)
    page.on("request", lambda sent: None if sent.url.startswith(known) else problems.append(sent.url))
    yield page
    assert problems == []


def test_pages_fit_the_screen_and_pass_axe(watched: Any, live_server: Any) -> None:
    version = make_version(make_download(title="A" * 140), "1.0.0", release_notes="![x](https://other.example/x.png)")
    make_file(version, name="n" * 240 + ".zip")
    make_comment(version.download, text="c" * 200)
    make_review(version.download, text="r" * 200)
    category = version.download.category
    DownloadDay.objects.create(file=version.files.get(), day=timezone.now().date(), downloads=7)
    make_version(version.download, "1.1.0", files=1)
    about = [f"{version.download.path}about/{page}" for page in ABOUT]
    pages = ("/", category.path, version.download.path, links.version_path(version), *about)
    pages = (*pages, "/account/sign-in/", "/absent/")
    for path in pages:
        watched.goto(live_server.url + path)
        check(watched)
        assert watched.evaluate("performance.getEntriesByType('resource').length") < MAX_REQUESTS
    sign_in(watched, live_server, make_user("ann"))
    check(watched)
    watched.click("text=API keys")
    check(watched)
    watched.fill("#id_name", "pipeline")
    watched.click("text=Create key")
    check(watched)
    confirm(watched)
    watched.wait_for_selector("#secret")
    check(watched)


def test_phone_shows_the_button_without_scrolling_and_nothing_moves(watched: Any, live_server: Any) -> None:
    version = make_version(make_download(title="Tool", tag_line="A sentence about the tool " * 3), "1.0.0", files=3)
    watched.set_viewport_size({"width": 360, "height": 640})
    watched.add_init_script(
        "new PerformanceObserver(list => {"
        " for (const entry of list.getEntries()) { window.shifts = (window.shifts || 0) + entry.value; } })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    watched.goto(live_server.url + version.download.path)
    watched.wait_for_load_state()
    box = watched.locator(".newest .large").first.bounding_box()
    assert box["y"] + box["height"] <= 640
    # A busy machine draws the page between two pieces of it, for example an icon without the text beside it. Browsers
    # call up to 0.1 good.
    assert watched.evaluate("window.shifts || 0") < 0.01


def test_lists_fit_the_screen_and_pass_axe(watched: Any, live_server: Any) -> None:
    """The lists with everything that they can show: menus, chips, a correction and empty results."""
    ann, category = make_user("ann"), make_category("Tools " + "c" * 60)
    for title, platform in (("Alpha " + "x" * 100, "linux"), ("Beta " + "y" * 100, "windows")):
        download = make_download(ann, title=title, category=category, license=f"L-{platform}", tags=["cli"])
        make_file(make_version(download), platform=platform)
    refresh_index()
    lists = ("/search/", "/search/?platform=linux&updated=7", "/search/?q=alhpa", "/search/?q=absent", "/categories/")
    for path in (*lists, "/authors/ann/", "/tags/cli/"):
        watched.goto(live_server.url + path)
        for menu in watched.query_selector_all(".narrow-bar summary")[-1:]:
            menu.click()
        check(watched)
        assert watched.evaluate("performance.getEntriesByType('resource').length") < MAX_REQUESTS


def test_search_shows_results_while_typing_and_remembers_searches(watched: Any, live_server: Any) -> None:
    for title in ("Alpha", "Beta"):
        make_download(title=title)
    refresh_index()
    watched.goto(f"{live_server.url}/search/?sort=title")
    held: list[Any] = []
    watched.route("**/search/?q=alp&*", lambda route: held.append(route))
    watched.press("body", "/")
    watched.keyboard.type("alp")
    watched.wait_for_selector("#found.htmx-request")
    shown = "getComputedStyle(document.querySelector('#found h3')).animationName"
    assert watched.evaluate(shown) == "skeleton"
    for route in held:
        route.continue_()
    watched.wait_for_selector("#count:has-text('1 download')")
    assert watched.evaluate(shown) == "none"
    assert watched.locator(".cards li").count() == 1
    assert watched.url.endswith("/search/?q=alp&sort=title")
    entries = watched.evaluate("history.length")
    watched.keyboard.press("Enter")
    watched.wait_for_selector("#q:not(:focus)")
    assert watched.evaluate("history.length") == entries
    watched.goto(f"{live_server.url}/search/")
    watched.click("#recent a:text('alp')")
    watched.wait_for_url("**/search/?q=alp")
    watched.fill("#q", "")
    watched.click("#recent button")
    assert watched.is_hidden("#recent")
    assert watched.evaluate("localStorage.getItem('releasehub.searches')") == "[]"


def test_webhook_pages_fit_the_screen_and_pass_axe(watched: Any, live_server: Any) -> None:
    """From the empty list to the log of an endpoint, as somebody without script would do it."""
    owner = make_user("ann")
    make_download(owner, title="Tool " + "x" * 100)
    sign_in(watched, live_server, owner)
    watched.click("text=Webhooks")
    check(watched)
    watched.click("text=New endpoint")
    check(watched)
    watched.fill("#id_url", "http://10.0.0.1/hook")
    watched.fill("#id_title", "Mirror " + "y" * 90)
    watched.get_by_label("published", exact=True).check()
    with watched.expect_response(lambda answer: answer.status == 400):
        watched.click("text=Create endpoint")
    check(watched)
    watched.fill("#id_url", "https://93.184.215.14/" + "z" * 300)
    watched.click("text=Create endpoint")
    assert watched.inner_text("#secret").startswith("whsec_")
    check(watched)
    watched.click("text=To the endpoint")
    watched.click("text=Send test event")
    check(watched)
    endpoint = Endpoint.objects.get()
    send_nothing()
    watched.click("text=endpoint.test")
    check(watched)
    for step in ("edit", "rotate", "delete"):
        watched.goto(f"{live_server.url}{endpoint.path}{step}/")
        check(watched)
    disable_gone(endpoint.pk)
    for path in (endpoint.path, "/account/", "/account/webhooks/"):
        watched.goto(live_server.url + path)
        check(watched)


def test_desk_pages_fit_the_screen_and_pass_axe(watched: Any, live_server: Any) -> None:
    owner = make_user("ann")
    version = make_version(make_download(owner, title="Tool " + "x" * 100, tag_line="t" * 150), "1.0.0", files=1)
    draft = make_version(version.download, "1.1.0", state="draft")
    make_file(draft, name="n" * 240 + ".zip")
    sign_in(watched, live_server, owner)
    desk = f"/account/downloads/{version.download.public_id}/"
    pages = ("/account/downloads/", "/account/downloads/new/", desk, f"{desk}edit/", f"{desk}versions/new/")
    pages += tuple(f"/account/versions/{row.public_id}/" for row in (version, draft))
    pages += (f"/account/versions/{draft.public_id}/previews/", f"{desk}pictures/")
    pages += tuple(f"{desk}{page}/" for page in ("team", "owner", "activity", "feeds"))
    pages += tuple(f"/account/{page}/" for page in ("profile", "security", "browsers", "language", "data", "imports"))
    for path in (*pages, f"/account/files/{draft.files.get().public_id}/"):
        watched.goto(live_server.url + path)
        check(watched)


def test_author_pastes_and_drops_pictures(watched: Any, live_server: Any) -> None:
    owner = make_user("ann")
    version = make_version(make_download(owner, title="Tool"), "1.0.0", state="draft")
    sign_in(watched, live_server, owner)
    watched.goto(f"{live_server.url}/account/versions/{version.public_id}/edit/")
    watched.fill("#id_release_notes", "Look: ")
    give_picture(watched, "#id_release_notes", "paste")
    watched.wait_for_selector(".preview img")
    watched.click("main .button")
    watched.wait_for_selector(".prose img[alt=shot]")
    watched.goto(f"{live_server.url}/account/downloads/{version.download.public_id}/pictures/")
    give_picture(watched, "body", "paste")
    watched.wait_for_selector(".thumbnail:not([hidden])")
    watched.select_option("#id_kind", "icon")
    watched.click("text=Add picture")
    watched.wait_for_selector(".files li:nth-child(2)")
    give_picture(watched, ".drop", "drop", count=2)
    watched.wait_for_selector(".files li:nth-child(4)")
    kinds = sorted(version.download.stored_pictures.values_list("kind", flat=True))
    assert kinds == ["icon", "inline", "screenshot", "screenshot"]


def give_picture(page: Any, selector: str, kind: str, count: int = 1) -> None:
    """Paste or drop pictures, as the clipboard or a file manager gives them to a page."""
    page.evaluate(
        """async ([selector, kind, bytes, count]) => {
            const transfer = new DataTransfer();
            const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
            for (let place = 0; place < count; place += 1) {
                transfer.items.add(new File([content], "shot.png", { type: "image/png" }));
            }
            const options = { bubbles: true, cancelable: true };
            const event = kind === "paste"
                ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
                : new DragEvent("drop", { ...options, dataTransfer: transfer });
            document.querySelector(selector).dispatchEvent(event);
        }""",
        [selector, kind, b64encode(image_bytes()).decode(), count],
    )


def send_nothing() -> None:
    """An attempt that fails, with its headers and body in the log."""
    with pytest.MonkeyPatch.context() as patch:

        def refuse(*_: Any, **__: Any) -> Any:
            raise ConnectionRefusedError

        patch.setattr("urllib3.util.connection.create_connection", refuse)
        deliver_batch()


def is_complaint(message: Any) -> bool:
    """A form that was refused is answered with 400, a page that does not exist with 404, and the browser says so."""
    is_expected = "400 (Bad Request)" in message.text or "404 (Not Found)" in message.text
    return bool(message.type == "error" and not is_expected)


def check(page: Any) -> None:
    """In each look the page fits the window, and the accessibility checker finds nothing. The last look stays."""
    page.wait_for_load_state()
    page.evaluate(AXE)
    for width, scheme, options in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.evaluate("document.getAnimations().forEach(change => change.finish())")  # of one color into the other
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (page.url, width)
        assert violations(page, **options) == [], (page.url, width, scheme)


def violations(page: Any, context: Any = None, **options: Any) -> list[tuple[str, list[str]]]:
    """Return the rules of the accessibility checker that the page breaks, each with the first elements that do.

    `context` has the selectors of what is checked or left out; without it, that is the whole page.
    """
    found = page.evaluate(RUN_AXE, [context or {"exclude": []}, AXE_OPTIONS | options])
    return [(item["id"], [node["html"][:160] for node in item["nodes"]][:3]) for item in found]


def sign_in(page: Any, live_server: Any, user: Any) -> None:
    page.goto(f"{live_server.url}/account/sign-in/")
    page.fill("#id_username", user.username)
    page.fill("#id_password", "secret-pass-1")
    page.click("main button")
    page.wait_for_url("**/account/")


def confirm(page: Any) -> None:
    """Enter the password again, which is asked for before a key is created."""
    page.fill("#id_password", "secret-pass-1")
    page.get_by_role("button", name="Continue").click()


def test_user_signs_in_and_creates_a_key_that_is_shown_once(watched: Any, live_server: Any) -> None:
    sign_in(watched, live_server, make_user("ann"))
    watched.click("text=API keys")
    watched.fill("#id_name", "pipeline")
    watched.click("text=Create key")
    confirm(watched)
    secret = watched.inner_text("#secret")
    assert secret.startswith("rh_")
    watched.goto(f"{live_server.url}/account/keys/")
    assert secret not in watched.content()
    watched.goto(f"{live_server.url}/account/watches/")
    save = watched.get_by_role("button", name="Save")
    assert save.evaluate(CLICK_TWICE) == {"stopped": [False, True], "busy": "true"}
    toast = watched.locator(".toasts .toast")
    assert "Saved." in toast.inner_text()
    assert toast.evaluate("element => getComputedStyle(element.parentElement).position") == "fixed"
    check(watched)
    toast.get_by_role("button", name="Close").click()
    assert toast.count() == 0


def test_admin_works_under_its_content_security_policy(watched: Any, live_server: Any) -> None:
    version = make_version(files=1)
    make_user("root", is_staff=True, is_superuser=True)
    watched.goto(f"{live_server.url}/admin/")
    watched.fill("#id_username", "root")
    watched.fill("#id_password", "secret-pass-1")
    watched.click("main button")
    watched.wait_for_url("**/admin/")
    watched.goto(f"{live_server.url}/admin/versions/version/{version.pk}/change/")
    watched.click("text=Yank")
    watched.fill("#reason", "looks wrong")
    watched.get_by_role("button", name="Yank").click()
    watched.wait_for_url("**/change/")
    version.refresh_from_db()
    assert version.yank_reason == "looks wrong"


def test_access_key_pages_fit_the_screen_and_pass_axe(watched: Any, live_server: Any) -> None:
    """From the empty list to a revoked key, and what its holder sees, as somebody without script would do it."""
    owner = make_user("ann")
    download = make_download(owner, title="Tool " + "x" * 100, visibility="private")
    for number in ("1.4.2", "2.0.0"):
        version = make_version(download, number)
        make_file(version, name=f"tool-{number}.zip")
    sign_in(watched, live_server, owner)
    watched.get_by_role("link", name="Access keys").click()
    check(watched)
    watched.click("text=New access key")
    check(watched)
    watched.fill("#id_name", "Customer " + "y" * 90)
    watched.fill("#id_highest_number", "-")
    watched.fill("#id_uses", "3")
    watched.fill("#id_expires_at", "2100-01-01")
    watched.select_option("#id_download", str(download.pk))
    with watched.expect_response(lambda answer: answer.status == 400):
        watched.click("text=Create key")
    check(watched)
    watched.fill("#id_highest_number", "1")
    watched.click("text=Create key")
    link = watched.inner_text("#share")
    check(watched)
    watched.click("text=To the access keys")
    check(watched)
    look_with_link(watched.context.browser, live_server, link, links.version_path(version))
    watched.get_by_role("link", name="Revoke").click()
    check(watched)
    watched.click("main button")
    watched.wait_for_url("**/access-keys/")
    check(watched)


def look_with_link(browser: Any, live_server: Any, link: str, above: str) -> None:
    """The pages of a guest who followed a share link."""
    guest = browser.new_context().new_page()
    guest.goto(link)
    assert "Shared with you" in guest.content()
    check(guest)
    guest.goto(live_server.url + above)
    assert "This version is not included" in guest.content()
    check(guest)
    guest.goto(link[:-1] + ("a" if link[-1] != "a" else "b"))
    assert "ask the person who sent it to you" in guest.content()
    check(guest)
    guest.context.close()
