"""From an empty hub to a published file, and all ways to sign in, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.accounts.oidc_provider import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.browser.conftest import enter_password, wait_until_checked, window
from tests.browser.mails import MailServer
from tests.hubs import Hub, start

pytestmark = pytest.mark.embedded
MAX_CLICKS = 20
SET_UP_CLICKS, FILE_CLICKS = 1, 2
NAME, PASSWORD, NEW_PASSWORD = "ann", "a-long-pass-1", "battery-staple-43"
DORA = {"sub": "d1", "email": "dora@example.org", "email_verified": True, "preferred_username": "dora"}
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def empty_hub(browser: Any, mails: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub without the demo, with a mail server and a provider of OpenID Connect."""
    with running_provider() as provider:
        provider.claims = DORA
        running = start(
            tmp_path_factory.mktemp("empty"),
            through_serve=True,  # which prints the link to set up the hub
            RELEASEHUB_DEMO="0",
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


@pytest.fixture(scope="module")
def root(empty_hub: Hub) -> str:
    """The public URL. Browsers offer passkeys on `localhost`, but not on an IP address."""
    return f"http://localhost:{empty_hub.port}"


@pytest.fixture(scope="module")
def administrator(browser: Any, empty_hub: Hub) -> Any:
    """The cookies of the person who has set up the hub with the link in its log, with SET_UP_CLICKS clicks."""
    link = re.search(r"http://localhost:\d+/account/set-up/\S+", empty_hub.log.read_text())
    assert link is not None
    with window(browser, []) as page:
        page.goto(link[0])
        values = {"site_name": "Acme", "username": NAME, "password": PASSWORD, "category": "Tools"}
        for name, value in values.items():
            page.locator(f"[name={name}]").fill(value)
        page.get_by_role("button", name="Set up").click()
        page.get_by_text("Your hub is ready.").wait_for()
        assert page.get_by_role("link", name="Create your first download").get_attribute("href")
        return page.context.storage_state()


@pytest.fixture
def page(browser: Any, administrator: Any, problems: list[str]) -> Iterator[Any]:
    """A window of the administrator with a virtual authenticator, as a laptop with a fingerprint reader has one."""
    with window(browser, problems, storage_state=administrator) as opened:
        session = opened.context.new_cdp_session(opened)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield opened


def test_newcomer_publishes_a_file_in_few_clicks(page: Any, visitor: Any, root: str) -> None:
    clicks = SET_UP_CLICKS + FILE_CLICKS

    def click(role: str, name: str) -> None:
        nonlocal clicks
        clicks += 1
        page.get_by_role(role, name=name).first.click()

    page.goto(f"{root}/account/downloads/")
    click("link", "Create your first download")
    page.get_by_label("Title").fill("Acme Tool")
    click("button", "Create download")
    click("link", "New version")
    click("button", "Create version and add files")
    page.locator("#id_file").set_input_files({"name": "tool.bin", "mimeType": "", "buffer": b"The first release."})
    page.get_by_text("stored, and its checksum matches your file", exact=True).wait_for()
    wait_until_checked(page)
    click("button", "Publish now")
    page.get_by_text("The version was published.").wait_for()
    assert clicks <= MAX_CLICKS
    visitor.goto(f"{root}/")
    visitor.get_by_role("link", name="Acme Tool").first.wait_for()


def test_administrator_signs_in_with_passkey_and_app(page: Any, root: str) -> None:
    page.goto(f"{root}/account/security/passkeys/new/")
    confirm(page)
    page.get_by_role("button", name="Add the passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/account/")

    page.goto(f"{root}/account/security/app/")
    confirm(page)
    secret = page.locator("#secret").inner_text()
    page.get_by_label("Code").fill(code_of(secret, -1))
    page.get_by_role("button", name="Turn on").click()
    page.get_by_role("heading", name="Passkeys").wait_for()
    sign_out(page)
    enter_password(page, NAME, PASSWORD)
    page.get_by_label("Code").fill(code_of(secret, 0))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/account/")

    sign_out(page)
    enter_password(page, NAME, PASSWORD)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/account/")


def confirm(page: Any) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def sign_out(page: Any) -> None:
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("link", name="Sign in").first.click()


def code_of(secret: str, step: int) -> str:
    """Return the code of the time step before, now or after. Neighbors are accepted, and each code works once."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def test_person_signs_in_at_the_company_and_a_password_is_reset_by_mail(
    administrator: Any, visitor: Any, browser: Any, problems: list[str], root: str, mails: MailServer
) -> None:
    visitor.goto(f"{root}/account/sign-in/?next=/account/profile/")
    visitor.locator("a[href*='/sign-in/company/']").click()
    visitor.wait_for_url("**/account/profile/")
    visitor.get_by_text("dora@example.org").wait_for()

    with window(browser, problems) as other:
        other.goto(f"{root}/account/password/reset/")
        other.locator("[name=email]").fill("dora@example.org")
        other.get_by_role("button", name="Send the link").click()
        other.goto(mails.wait_for_link("/account/password/reset/"))
        for field in other.locator("input[type=password]").all():
            field.fill(NEW_PASSWORD)
        other.get_by_role("button", name="Save password").click()
        other.goto(f"{root}/account/sign-in/")
        enter_password(other, "dora", NEW_PASSWORD)
        other.wait_for_url("**/account/")
