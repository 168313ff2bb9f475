"""`make run` from the outside."""

import http.client
import signal
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.hubs import LOGIN, Hub, PreparedData, free_port, serve, start

pytestmark = pytest.mark.embedded


def processes_of(port: int) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"--port {port} " in line:
            found.append(line)
    return found


def wait_until_gone(port: int) -> None:
    """Wait for the processes to end. The deadline only stops a hub that never ends."""
    deadline = time.monotonic() + 60
    while left := processes_of(port):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub after its second start, in a copy of what the first start has left."""
    running = start(tmp_path_factory.mktemp("hub"), through_serve=True)
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Hub]:
    """A hub without the demo."""
    running = start(tmp_path, RELEASEHUB_DEMO="0")
    try:
        yield running
    finally:
        running.end()


def downloads_in(data: Path) -> int:
    with closing(sqlite3.connect(data / "releasehub.sqlite3")) as database:
        return int(database.execute("SELECT count(*) FROM downloads_download").fetchone()[0])


def test_first_start_prints_login_and_key_once() -> None:
    text = (PreparedData.first_start() / "serve.log").read_text()
    printed = dict(LOGIN.findall(text))
    assert set(printed) == {"User", "Password", "API key"}
    assert text.count(printed["API key"]) == 1
    assert "first_password" in text
    stored = PreparedData.first_start() / "first_password"
    assert f"Password: {printed['Password']}" in stored.read_text()


def test_first_start_collects_the_static_files() -> None:
    PreparedData.first_start()
    assert list(PreparedData.static_files().rglob("*.css"))


def test_demo_is_visible_to_anonymous_visitors(hub: Hub) -> None:
    titles = {download["title"] for download in hub.get("/api/mc-dm-downloads/")["downloads"]}
    assert "Packsmith" in titles
    assert "Release Handbook Templates" not in titles  # for members of the organization


def test_second_start_loads_no_second_demo(hub: Hub) -> None:
    assert downloads_in(hub.data) == downloads_in(PreparedData.first_start()) > 0
    assert not LOGIN.search(hub.log.read_text())


def test_two_hubs_run_side_by_side_and_sigquit_stops_one_of_them_in_order(hub: Hub, other: Hub) -> None:
    """`PreparedData` stops its hub with SIGTERM."""
    assert other.get("/api/mc-dm-downloads/")["pagination"]["total"] == 0
    assert len(processes_of(other.port)) == 2
    assert other.stop(signal.SIGQUIT) == 0
    wait_until_gone(other.port)
    assert hub.get("/api/mc-dm-downloads/")["pagination"]["total"] > 0


def test_killing_the_server_stops_its_workers(other: Hub) -> None:
    assert len(processes_of(other.port)) == 2
    other.stop(signal.SIGKILL)
    wait_until_gone(other.port)


def test_port_in_use_is_reported_with_a_fix(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = serve(tmp_path, port)
    assert refused.returncode == 1
    assert f"Port {port} cannot be used" in refused.stderr
    assert "make run PORT=" in refused.stderr


def test_unusable_data_directory_is_reported_with_a_fix(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    refused = serve(tmp_path / "file" / "data", free_port())
    assert refused.returncode == 1
    assert "make run RELEASEHUB_DATA_DIR=" in refused.stderr


def test_invalid_setting_stops_the_start_and_is_named(tmp_path: Path) -> None:
    refused = serve(tmp_path, free_port(), RELEASEHUB_STORAGE="tape")
    assert refused.returncode == 1
    assert "RELEASEHUB_STORAGE is 'tape'" in refused.stderr


def test_hub_answers_a_query_that_no_browser_would_send(hub: Hub) -> None:
    for path in ("/search/?q=İ", "/api/mc-dm-downloads/?slug=İ", "/d/packsmith/latest/linux-x64?x=İ"):
        with closing(http.client.HTTPConnection("127.0.0.1", hub.port)) as connection:
            connection._encode_request = lambda line: line.encode()  # type: ignore[attr-defined]
            connection._validate_path = lambda url: None  # type: ignore[attr-defined]
            connection.request("GET", path)
            assert connection.getresponse().status == 200


def test_ctrl_c_stops_all_processes(hub: Hub) -> None:
    """The last test of the module, because it ends the hub of the others."""
    assert len(processes_of(hub.port)) == 2
    hub.stop(signal.SIGINT)
    wait_until_gone(hub.port)
