"""A hub as `make run` starts it, a browser that is signed in to its admin, and a receiver of webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import pytest

from tests.browser.mails import MailServer
from tests.hubs import Hub, start
from tests.serving import serving

POLL_MS = 20
TIMEOUT_MS = 120_000  # until a test fails whose element is missing; pages take 2 s, and some 20 s on a busy machine


@pytest.fixture(scope="session")
def hub(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub with the demo for all tests; it asks for the browser first, so nothing starts without Chromium."""
    running = start(tmp_path_factory.mktemp("hub"), RELEASEHUB_WEBHOOK_ALLOW_NETS="127.0.0.0/8")
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def problems() -> Iterator[list[str]]:
    """What must stay empty in every window: failed scripts and 5xx answers."""
    found: list[str] = []
    yield found
    assert found == []


def watch(page: Any, problems: list[str]) -> Any:
    page.set_default_timeout(TIMEOUT_MS)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda answer: problems.append(answer.url) if answer.status >= 500 else None)
    return page


@pytest.fixture
def visitor(browser: Any, problems: list[str]) -> Iterator[Any]:
    """A window without an account."""
    with window(browser, problems) as page:
        yield page


@pytest.fixture
def admin(browser: Any, session: Any, problems: list[str]) -> Iterator[Any]:
    """A window that is signed in as the administrator whom the first start made."""
    with window(browser, problems, storage_state=session) as page:
        yield page


@pytest.fixture(scope="session")
def session(browser: Any, hub: Hub) -> Any:
    """The cookies of the administrator."""
    with window(browser, []) as page:
        sign_in(page, hub, hub.printed["User"], hub.printed["Password"])
        return page.context.storage_state()


def sign_in(page: Any, hub: Hub, name: str, password: str) -> None:
    page.goto(f"{hub.url}/account/sign-in/")
    enter_password(page, name, password)
    page.wait_for_url("**/account/")


def enter_password(page: Any, name: str, password: str) -> None:
    page.get_by_label("Username or e-mail").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def wait_until(page: Any, is_met: Callable[[], bool]) -> None:
    """Let the browser work until the condition is met, or fail."""
    for _ in range(TIMEOUT_MS // POLL_MS):
        if is_met():
            return
        page.wait_for_timeout(POLL_MS)
    pytest.fail("What the test waits for did not happen.")


def wait_until_checked(page: Any) -> None:
    """Wait until a stored file of the version on the page has passed its checks; before, it cannot be published."""
    page.locator("#files ul.files > li").first.wait_for()
    page.locator("#files .badge.warn").first.wait_for(state="hidden")


@contextmanager
def window(browser: Any, problems: list[str], **options: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    try:
        yield watch(context.new_page(), problems)
    finally:
        context.close()


class Receiver(ThreadingHTTPServer):
    """Answer 200 to every webhook and keep its id."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ids: Queue[str] = Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.ids.put(self.headers["webhook-id"])

    def log_message(self, *_: Any) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    with serving(server):
        yield server


@pytest.fixture(scope="session")
def mails() -> Iterator[MailServer]:
    server = MailServer()
    with serving(server):
        yield server
