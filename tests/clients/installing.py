"""Install the client programs once, from locked versions, into a folder that git ignores.

The Python packages get an environment of their own, because they need other versions than the hub. Node comes from npm
as well, so that the same version runs on every machine.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.services.run import install_packages

HERE = Path(__file__).resolve().parent
VARIABLE = "RELEASEHUB_CLIENTS"
RENOVATE_VARIABLE = "RELEASEHUB_TEST_RENOVATE"
DEBIAN = ("gh", "zsync", "nginx-light", "npm", "git", "curl", "jq")
PIP = ("-qq", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes")
NPM = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def clients_folder() -> Path:
    """Return the folder of the installed clients. The variable can name another one, which several checkouts share."""
    return Path(os.environ.get(VARIABLE) or HERE.parent.parent / ".clients").resolve()


@dataclass(frozen=True)
class Part:
    """A folder of installed packages, and the files of the lock that they come from."""

    name: str
    files: tuple[Path, ...]
    make: Callable[[Path], None]

    def digest(self) -> str:
        return hashlib.sha256(b"".join(path.read_bytes() for path in self.files)).hexdigest()


def parts_of(*, with_renovate: bool) -> list[Part]:
    npm = HERE / ".npmrc"
    parts = [
        Part("python", (HERE / "requirements.txt",), install_python),
        Part("node", (HERE / "package.json", HERE / "package-lock.json", npm), install_node),
    ]
    renovate = HERE / "renovate"
    own = (renovate / "package.json", renovate / "package-lock.json", npm)
    return [*parts, Part("renovate", own, install_without_options)] if with_renovate else parts


def install(folder: Path, *, with_renovate: bool = False) -> None:
    """Install everything that is missing or has another lock than before."""
    install_packages(DEBIAN)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock, ThreadPoolExecutor() as threads:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once would install into the same place
        for done in [threads.submit(install_part, folder, part) for part in parts_of(with_renovate=with_renovate)]:
            done.result()


def install_part(parent: Path, part: Part) -> None:
    folder, wanted = parent / part.name, part.digest()
    stamp = folder / "installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print(f"Installing the clients for {part.name} ...", flush=True)
    started = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in part.files:
        shutil.copy(path, folder)
    part.make(folder)
    stamp.write_text(wanted)
    print(f"Installed the clients for {part.name} in {time.monotonic() - started:.0f} s.", flush=True)


def install_python(folder: Path) -> None:
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", *PIP, "-r", folder / "requirements.txt"], check=True)


def install_node(folder: Path, *options: str) -> None:
    """Install the packages of npm. Scripts of packages do not run: one of them would download a program."""
    subprocess.run(["npm", "ci", *NPM, *options], cwd=folder, check=True, stdin=subprocess.DEVNULL)


def install_without_options(folder: Path) -> None:
    """Leave out the optional packages, which are compiled during the installation."""
    install_node(folder, "--omit=optional")


if __name__ == "__main__":
    sys.exit(install(clients_folder()))
