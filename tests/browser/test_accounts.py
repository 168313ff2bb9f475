"""From an empty hub to an administrator with a passkey and an authenticator app, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.browser.conftest import window
from tests.hubs import Hub, start

pytestmark = pytest.mark.embedded
PASSWORD = "a-long-pass-1"
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def empty_hub(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    running = start(tmp_path_factory.mktemp("empty"), RELEASEHUB_DEMO="0")
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def page(browser: Any, problems: list[str]) -> Iterator[Any]:
    """A window with a virtual authenticator, as a laptop with a fingerprint reader has one."""
    with window(browser, problems) as opened:
        session = opened.context.new_cdp_session(opened)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield opened


def sign_out(page: Any) -> None:
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_role("link", name="Sign in").first.click()


def enter_password(page: Any) -> None:
    page.get_by_label("Username or e-mail").fill("administrator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def confirm(page: Any) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def test_administrator_is_made_and_signs_in_with_passkey_and_app(page: Any, empty_hub: Hub) -> None:
    # Browsers offer passkeys on `localhost`, but not on an IP address.
    hub = f"http://localhost:{empty_hub.port}"
    link = re.search(r"http://localhost:\d+/account/set-up/\S+", empty_hub.log.read_text())
    assert link
    page.goto(link[0])
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set up").click()
    page.get_by_text("Your hub is ready.").wait_for()

    page.goto(f"{hub}/account/security/passkeys/new/")
    confirm(page)
    page.get_by_role("button", name="Add the passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/account/")

    page.goto(f"{hub}/account/security/app/")
    confirm(page)
    secret = page.locator("#secret").inner_text()
    page.get_by_label("Code").fill(code_of(secret, -1))
    page.get_by_role("button", name="Turn on").click()
    page.get_by_role("heading", name="Passkeys").wait_for()
    sign_out(page)
    enter_password(page)
    page.get_by_label("Code").fill(code_of(secret, 0))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/account/")

    page.get_by_role("button", name="Sign out").first.click()
    page.goto(f"{hub}/admin/")
    enter_password(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/admin/")


def code_of(secret: str, step: int) -> str:
    """Return the code of the time step before, now or after. Neighbors are accepted, and each code works once."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))
