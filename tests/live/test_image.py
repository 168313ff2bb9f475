"""The steps of the Dockerfile, carried out in a clean folder where no Docker daemon is needed.

The virtual environment of the tests stands in for the Python of the image, so `pip install` is left out;
tests/test_locks.py checks the lock.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.hubs import ROOT, free_port

pytestmark = pytest.mark.embedded

LEFT_OUT = ("useradd ", "pip install ")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
INCLUDED = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]


def steps() -> list[tuple[str, str]]:
    """The instructions with their arguments, in order; comments and line ends are gone."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines()) if word]


@dataclass
class Image:
    """Paths of the image lie below `root`; its port is a free one of this machine."""

    root: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    folder: Path = Path("/")
    command: list[str] = field(default_factory=list)
    health_check: list[str] = field(default_factory=list)

    def here(self, text: str) -> str:
        text = re.sub(r"(?<![\w.])/(app|var|tmp)\b", rf"{self.root}/\1", text)
        return text.replace("8000", str(self.port)).replace("0.0.0.0", "127.0.0.1")  # noqa: S104

    def build(self) -> None:
        for instruction, arguments in steps():
            getattr(self, f"do_{instruction.lower()}")(arguments)

    def do_arg(self, arguments: str) -> None:
        name, _, default = arguments.partition("=")
        assert "@sha256:" in default or (name == "REQUIREMENTS" and (ROOT / default).is_file())

    def do_from(self, arguments: str) -> None:
        self.environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def do_env(self, arguments: str) -> None:
        self.environment |= dict(pair.split("=", 1) for pair in shlex.split(self.here(arguments)))

    def do_workdir(self, arguments: str) -> None:
        self.folder = Path(self.here(arguments))
        self.folder.mkdir(parents=True)

    def do_copy(self, arguments: str) -> None:
        source = arguments.split()[0]
        for name in INCLUDED if source == "." else [source]:
            assert name in INCLUDED
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, self.folder / name)

    def do_run(self, arguments: str) -> None:
        if not arguments.startswith(LEFT_OUT):
            self.run(["sh", "-c", self.here(arguments)]).check_returncode()

    def do_user(self, arguments: str) -> None:
        self.user = arguments

    def do_volume(self, arguments: str) -> None:
        Path(self.here(json.loads(arguments)[0])).mkdir(parents=True)

    def do_expose(self, arguments: str) -> None:
        assert arguments == "8000"

    def do_healthcheck(self, arguments: str) -> None:
        self.health_check = json.loads(self.here(arguments.partition("CMD ")[2]))

    def do_cmd(self, arguments: str) -> None:
        self.command = json.loads(self.here(arguments))

    def run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, cwd=self.folder, env=self.environment, timeout=120, check=False)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    image = Image(tmp_path_factory.mktemp("image"), free_port())
    image.build()
    # A hub with a public URL: neither the host name nor the redirect to HTTPS may stop the health check.
    environment = image.environment | {"RELEASEHUB_PUBLIC_URL": "https://hub.example.org", "ALLOWED_HOSTS": "x.test"}
    process = subprocess.Popen(image.command, cwd=image.folder, env=environment)
    try:
        yield image
    finally:
        process.terminate()
        try:
            process.wait(300)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(300)


def test_health_check_of_the_started_image_succeeds(image: Image) -> None:
    end = time.monotonic() + 120
    while (code := image.run(image.health_check).returncode) and time.monotonic() < end:
        time.sleep(0.2)
    assert code == 0


def test_image_runs_as_an_unprivileged_user(image: Image) -> None:
    assert image.user == "releasehub"


def test_image_contains_the_static_files(image: Image) -> None:
    assert list((image.root / "app/static").rglob("*.css"))


def test_image_contains_no_tests_and_no_build_data(image: Image) -> None:
    assert not (image.folder / "tests").exists()
    assert not (image.root / "tmp/build").exists()
