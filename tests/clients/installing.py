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
from pathlib import Path

from tests.services.run import install_packages

HERE = Path(__file__).resolve().parent
VARIABLE = "RELEASEHUB_CLIENTS"
DEBIAN = ("gh", "zsync", "nginx-light", "npm", "git", "curl", "jq")
PIP = ("-qq", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes")
NPM = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def clients_folder() -> Path:
    """Return the folder of the installed clients. The variable can name another one, which several checkouts share."""
    return Path(os.environ.get(VARIABLE) or HERE.parent.parent / ".clients").resolve()


def install(folder: Path) -> None:
    """Install everything that is missing or has another lock than before."""
    install_packages(DEBIAN)
    parts: list[tuple[str, Callable[[Path], None], tuple[str, ...]]] = [
        ("python", install_python, ("requirements.txt",)),
        ("node", install_node, ("package.json", "package-lock.json", ".npmrc")),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock, ThreadPoolExecutor() as threads:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once would install into the same place
        for done in [threads.submit(install_part, folder / name, make, files) for name, make, files in parts]:
            done.result()


def install_part(folder: Path, make: Callable[[Path], None], files: tuple[str, ...]) -> None:
    """Copy the files of the lock into the folder and install what they list, unless the folder already has them."""
    stamp = folder / "installed"
    wanted = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in files)).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print(f"Installing the clients for {folder.name} ...", flush=True)
    started = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in files:
        shutil.copy(HERE / name, folder)
    make(folder)
    stamp.write_text(wanted)
    print(f"Installed the clients for {folder.name} in {time.monotonic() - started:.0f} s.", flush=True)


def install_python(folder: Path) -> None:
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", *PIP, "-r", folder / "requirements.txt"], check=True)


def install_node(folder: Path) -> None:
    """Install the packages of npm. Scripts of packages do not run: one of them would download a program."""
    subprocess.run(["npm", "ci", *NPM], cwd=folder, check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(install(clients_folder()))
