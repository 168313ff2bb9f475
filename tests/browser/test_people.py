"""Accounts of several people in one hub: invited to a team, publishing, becoming the owner, and locked out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from queue import Queue
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from tests.accounts.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.browser.conftest import window
from tests.hubs import Hub, start
from tests.serving import serving

pytestmark = pytest.mark.embedded
MAX_CLICKS = 8
COUNT_CLICKS = "addEventListener('click', () => { sessionStorage.clicks = Number(sessionStorage.clicks) + 1; }, true)"
PASSWORD, NEW_PASSWORD = "correct-horse-42", "battery-staple-43"


class MailServer(ThreadingTCPServer):
    """Accept every e-mail, and keep its text."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailHandler)
        self.texts: Queue[str] = Queue()


class MailHandler(StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.texts.put(b"".join(lines).replace(b"=\r\n", b"").decode())
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    server = MailServer()
    with serving(server):
        yield server


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        running.claims = {
            "sub": "d1",
            "email": "dora@example.org",
            "email_verified": True,
            "preferred_username": "dora",
        }
        yield running


@pytest.fixture(scope="module")
def connected_hub(
    browser: Any, mails: MailServer, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """A hub with a mail server and a provider of OpenID Connect."""
    running = start(
        tmp_path_factory.mktemp("connected"),
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=str(mails.server_address[1]),
        EMAIL_USE_TLS="0",
        RELEASEHUB_OIDC_ISSUER=provider.url,
        RELEASEHUB_OIDC_CLIENT_ID=CLIENT_ID,
        RELEASEHUB_OIDC_CLIENT_SECRET=CLIENT_SECRET,
        RELEASEHUB_WEBHOOK_ALLOW_NETS="127.0.0.0/8",
    )
    try:
        yield running
    finally:
        running.end()


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
    page.get_by_role("button", name="Make the link").click()
    return here(hub, page.locator("#secret").inner_text())


def sign_in(page: Any, hub: Hub, name: str, password: str) -> None:
    page.goto(f"{hub.url}/account/sign-in/")
    page.get_by_label("Username or e-mail").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/account/")


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
    admin.get_by_role("link", name="Packsmith", exact=True).click()
    admin.get_by_role("link", name="Team", exact=True).click()
    admin.get_by_label("E-mail address or user name").fill("carol")
    admin.get_by_label("upload").check()
    admin.get_by_role("button", name="Invite").click()
    carol.reload()
    carol.get_by_text("You can accept once you belong to Northwind Tools.").wait_for()
    admin.get_by_role("link", name="Invite people to Northwind Tools").click()
    admin.get_by_label("E-mail address or user name").fill("carol")
    admin.get_by_role("button", name="Invite").click()
    admin.get_by_text("carol was invited.").wait_for()
    carol.reload()
    carol.get_by_role("button", name="Accept Northwind Tools").click()
    carol.get_by_role("button", name="Accept Packsmith").click()

    carol.evaluate("sessionStorage.clicks = 0")
    carol.get_by_role("link", name="My downloads").first.click()
    carol.get_by_role("link", name="New version of Packsmith").click()
    carol.get_by_label("Version number").fill("2.1.0")
    carol.get_by_role("button", name="Create version and add files").click()
    carol.locator("#id_file").set_input_files({"name": "tool.bin", "mimeType": "", "buffer": b"By a member."})
    carol.get_by_text("stored, and its checksum matches your file", exact=True).wait_for()
    carol.get_by_role("button", name="Publish now").click()
    carol.get_by_text("The version was published.").wait_for()
    assert int(carol.evaluate("sessionStorage.clicks")) + 2 <= MAX_CLICKS  # two more to choose the file

    admin.goto(f"{hub.url}/account/downloads/")
    admin.get_by_role("link", name="Packsmith", exact=True).click()
    admin.get_by_role("link", name="Change the owner").click()
    admin.get_by_role("textbox").last.fill("carol")
    admin.get_by_role("button", name="Transfer").click()
    admin.get_by_text("carol owns Packsmith now.").wait_for()
    carol.goto(f"{hub.url}/account/downloads/")
    carol.get_by_role("link", name="Packsmith", exact=True).click()
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


def test_person_signs_in_at_the_company_and_a_password_is_reset_by_mail(
    visitor: Any, carol: Any, connected_hub: Hub, mails: MailServer
) -> None:
    # The provider sends the browser back to the public URL, and the cookie of the sign-in belongs to its host.
    visitor.goto(f"http://localhost:{connected_hub.port}/account/sign-in/?next=/account/profile/")
    visitor.locator("a[href*='/sign-in/company/']").click()
    visitor.wait_for_url("**/account/profile/")
    visitor.get_by_text("dora@example.org").wait_for()

    carol.goto(f"{connected_hub.url}/account/password/reset/")
    carol.locator("[name=email]").fill("dora@example.org")
    carol.get_by_role("button", name="Send the link").click()
    link = None
    while link is None:
        text = mails.texts.get(timeout=120)
        link = re.search(r"https?://\S+/account/password/reset/\S+", text)
    carol.goto(here(connected_hub, link[0]))
    for field in carol.locator("input[type=password]").all():
        field.fill(NEW_PASSWORD)
    carol.get_by_role("button", name="Save password").click()
    sign_in(carol, connected_hub, "dora", NEW_PASSWORD)
