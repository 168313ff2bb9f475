"""The command line against a real hub with local storage: `manage.py serve`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from releasehub_cli.systems import this_machine
from tests.hubs import ROOT, Hub, start

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    running = start(tmp_path_factory.mktemp("hub"))
    yield running
    running.stop()


def begin(hub: Hub, *words: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "releasehub_cli", "--url", hub.url, "--key", hub.printed["API key"], *words, "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={
            "PYTHONPATH": str(ROOT / "cli"),
            "XDG_STATE_HOME": str(cwd / "state"),
            "XDG_CONFIG_HOME": str(cwd / "config"),
        },
    )


def call(hub: Hub, *words: str, cwd: Path) -> tuple[int, Any, str]:
    """Exit code, what `--json` printed, and stderr."""
    process = begin(hub, *words, cwd=cwd)
    out, err = process.communicate(timeout=120)
    return process.returncode, json.loads(out), err


def test_a_release_goes_up_and_comes_down_again(hub: Hub, tmp_path: Path, files: Callable[..., Path]) -> None:
    small, big = files("tool-9.0.0-linux-x64.bin", 3000), files("tool-9.0.0-windows-x64.bin", 70 * MEBIBYTE)
    publish = ("publish", str(small), str(big), "--download", "packsmith", "--version", "9.0.0")
    code, data, err = call(hub, *publish, cwd=tmp_path)
    assert code == 0, err
    assert data["published"] is True
    digests = {file["filename"]: file["sha256"] for file in data["files"]}
    assert digests == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (small, big)}
    code, data, err = call(hub, *publish, cwd=tmp_path)
    assert (code, {file["done"] for file in data["files"]}) == (0, {"present"}), err
    code, data, err = call(hub, "download", "packsmith@9.0.0", "--platform", "windows-x64", cwd=tmp_path)
    assert (code, data["verified"]) == (0, True), err
    assert (tmp_path / big.name).read_bytes() == big.read_bytes()
    verify = ("verify", str(small), str(big), "--download", "packsmith", "--version", "9.0.0")
    assert call(hub, *verify, cwd=tmp_path)[0] == 0
    assert call(hub, "yank", "packsmith@9.0.0", "--reason", "a test", cwd=tmp_path)[0] == 0
    assert call(hub, "promote", "packsmith@9.0.0", "--to", "beta", cwd=tmp_path)[0] in {0, 7}
    assert call(hub, "publish", str(small), "--download", "nope", "--version", "1.0", cwd=tmp_path)[0] == 6


def test_the_file_for_this_machine_is_fetched_whichever_upload_finished_first(
    hub: Hub, tmp_path: Path, files: Callable[..., Path]
) -> None:
    here = str(this_machine())
    names = [f"own-1.0.0-{here}.bin", "own-1.0.0-freebsd-riscv64.bin", "own-1.0.0-ios-arm64.bin", "SHA256SUMS"]
    paths = [str(files(name)) for name in names]
    assert call(hub, "create", "Own", "--category", "tools", "--slug", "own", cwd=tmp_path)[0] == 0
    code, data, err = call(hub, "publish", "own@1.0.0", *paths, "--parallel", "4", cwd=tmp_path)
    assert code == 0, err
    assert Path(call(hub, "download", "own", cwd=tmp_path)[1]["path"]).name == names[0]
    assert Path(call(hub, "download", "own@v1.0.0", cwd=tmp_path)[1]["path"]).name == names[0]
    assert Path(call(hub, "download", "own@latest", "--platform", "any", cwd=tmp_path)[1]["path"]).name == names[1]
    code, data, _ = call(hub, "download", "own", "--platform", "android", cwd=tmp_path)
    assert (code, data["error"]["code"]) == (6, "not_found")
    assert all(name in data["error"]["hint"] for name in names)


def test_a_yanked_version_is_fetched_and_verified_with_a_warning(
    hub: Hub, tmp_path: Path, files: Callable[..., Path]
) -> None:
    path = files("any-1.0.0.bin")
    assert call(hub, "create", "Yanked", "--category", "1", "--slug", "yanked", cwd=tmp_path)[0] == 0
    assert call(hub, "publish", "yanked@1.0.0", str(path), cwd=tmp_path)[0] == 0
    assert call(hub, "yank", "yanked@v1.0.0", "--reason", "it breaks", cwd=tmp_path)[0] == 0
    code, data, err = call(hub, "download", "yanked@1.0.0", cwd=tmp_path)
    assert (code, data["yanked"]) == (0, "it breaks")
    assert "was yanked: it breaks" in err
    assert "was yanked: it breaks" in call(hub, "verify", "yanked@1.0.0", str(path), cwd=tmp_path)[2]
    assert call(hub, "download", "yanked", cwd=tmp_path)[0] == 6


def test_a_file_of_another_version_brings_a_warning_or_an_error(
    hub: Hub, tmp_path: Path, files: Callable[..., Path]
) -> None:
    path = files("tool-1.2.0.bin")
    words = ("publish", "packsmith@9.5.0", str(path), "--draft")
    code, data, err = call(hub, *words, "--strict", cwd=tmp_path)
    assert (code, data["error"]["code"]) == (1, "version_differs")
    code, _, err = call(hub, *words, cwd=tmp_path)
    assert code == 0
    assert "tool-1.2.0.bin is from 1.2.0" in err


def test_whoami_and_the_choice_of_a_category(hub: Hub, tmp_path: Path) -> None:
    code, data, err = call(hub, "whoami", cwd=tmp_path)
    assert code == 0, err
    assert hub.printed["API key"].startswith(data["key"]["prefix"])
    assert data["user"]["username"] == hub.printed["User"]
    code, data, _ = call(hub, "create", "No category", cwd=tmp_path)
    assert (code, "tools" in data["error"]["hint"]) == (2, True)


def test_one_grammar_names_a_version_in_every_command(hub: Hub, tmp_path: Path, files: Callable[..., Path]) -> None:
    first, second = files("tool-9.7.0-linux-x64.bin"), files("tool-9.7.0.bin")
    assert call(hub, "publish", "packsmith@9.7.0-beta.1", str(first), "--channel", "beta", cwd=tmp_path)[0] == 0
    version = call(hub, "list", "packsmith@beta", cwd=tmp_path)[1]["versions"]
    assert [row["version_string"] for row in version] == ["9.7.0-beta.1"]
    code, _, err = call(hub, "upload", "packsmith@9.7.0-beta.1", str(second), cwd=tmp_path)
    assert code == 0, err
    assert call(hub, "verify", "packsmith@beta", str(first), str(second), cwd=tmp_path)[0] == 0
    gone = call(hub, "delete", "packsmith@9.7.0-beta.1", "--reason", "a test", "--yes", cwd=tmp_path)
    assert gone[0] == 0, gone[2]


def test_a_device_is_never_replaced(hub: Hub, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    code, data, _ = call(hub, "download", "packsmith", "--platform", "any", "-o", str(pipe), cwd=tmp_path)
    assert (code, data["error"]["code"], pipe.is_fifo()) == (2, "usage", True)


def test_killed_upload_is_finished_by_the_next_run(hub: Hub, tmp_path: Path, files: Callable[..., Path]) -> None:
    big = files("tool-9.1.0-linux-x64.bin", 120 * MEBIBYTE)
    publish = ("publish", str(big), "--download", "packsmith", "--version", "9.1.0", "--parallel", "2")
    process = begin(hub, *publish, cwd=tmp_path)
    wait_for_bytes(hub, process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    code, data, err = call(hub, *publish, cwd=tmp_path)
    assert code == 0, err
    assert "going on with upload" in err
    assert data["files"][0]["sha256"] == hashlib.sha256(big.read_bytes()).hexdigest()


def wait_for_bytes(hub: Hub, process: subprocess.Popen[str]) -> None:
    """Until the hub has more than a part of it on its disk."""
    before = sum(path.stat().st_size for path in hub.stored_files())
    end = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):
            if sum(path.stat().st_size for path in hub.stored_files()) > before + 20 * MEBIBYTE:
                return
        time.sleep(0.005)
