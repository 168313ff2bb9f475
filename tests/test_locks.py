"""Each lock is complete: whatever a locked package requires, extras included, is in the same lock.

`pip install --no-deps` installs exactly what a lock names, so a requirement that is not locked would be missing.
"""

from __future__ import annotations

import re
import sysconfig
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
S3_PACKAGES = list((ROOT / ".venv-s3").glob("lib/python*/site-packages"))
PINNED = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?:[ \t]*;[ \t]*(?P<marker>[^\\\n]+?))?[ \t]*\\?$", re.MULTILINE
)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = (("linux", "Linux"), ("darwin", "Darwin"), ("win32", "Windows"))


@dataclass(frozen=True)
class Pin:
    name: str
    version: str
    marker: Marker | None


def read_lock(name: str) -> list[Pin]:
    found = PINNED.finditer((ROOT / name).read_text())
    return [
        Pin(canonicalize_name(pin["name"]), pin["version"], Marker(pin["marker"]) if pin["marker"] else None)
        for pin in found
    ]


def locked_in(lock: list[Pin], environment: dict[str, str]) -> dict[str, str]:
    """Return the locked versions that are installed in an environment, by package."""
    return {pin.name: pin.version for pin in lock if pin.marker is None or pin.marker.evaluate(environment)}


def environments() -> Iterator[dict[str, str]]:
    here = dict(default_environment())
    for python in PYTHONS:
        for system, platform in SYSTEMS:
            yield here | {
                "python_version": python,
                "python_full_version": f"{python}.0",
                "sys_platform": system,
                "platform_system": platform,
                "os_name": "nt" if system == "win32" else "posix",
            }


def direct_requirements(*groups: str, projects: tuple[str, ...] = ("pyproject.toml",)) -> list[Requirement]:
    """Return the dependencies of the projects, and those of the dependency groups of the hub's project."""
    read = {name: tomllib.loads((ROOT / name).read_text()) for name in (*projects, "pyproject.toml")}
    named = [
        *(line for name in projects for line in read[name]["project"]["dependencies"]),
        *(line for group in groups for line in read["pyproject.toml"]["dependency-groups"][group]),
    ]
    return [Requirement(line) for line in named]


def unmet(
    lock: dict[str, str], roots: list[Requirement], installed: dict[str, Distribution], environment: dict[str, str]
) -> set[str]:
    """Follow each requirement of the roots and of the locked packages; return those that the lock does not meet."""
    problems: set[str] = set()
    waiting = [(requirement, "pyproject.toml") for requirement in roots]
    waiting += [(Requirement(name), "the lock") for name in lock]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, origin = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in lock:
            problems.add(f"{origin} requires {requirement.name}, which is not locked")
            continue
        if not requirement.specifier.contains(lock[name], prereleases=True):
            problems.add(f"{origin} requires {requirement}, but {lock[name]} is locked")
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen and name in installed:
                seen.add((name, extra))
                waiting += [(inner, name) for inner in requirements_of(installed[name], extra, environment)]
    return problems


def requirements_of(package: Distribution, extra: str, environment: dict[str, str]) -> list[Requirement]:
    found = [parse(line) for line in package.requires or ()]
    return [inner for inner in found if inner.marker is None or inner.marker.evaluate(environment | {"extra": extra})]


parse = cache(Requirement)


def installed_in(*folders: str) -> dict[str, Distribution]:
    return {canonicalize_name(found.metadata["Name"]): found for found in distributions(path=list(folders))}


PROJECTS = ("pyproject.toml", "cli/pyproject.toml")
HERE = installed_in(sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
LOCKS = [
    pytest.param("requirements.txt", direct_requirements(), HERE, id="run"),
    pytest.param("requirements-dev.txt", direct_requirements("dev", "otel", projects=PROJECTS), HERE, id="dev"),
    pytest.param("requirements-otel.txt", direct_requirements("otel", projects=()), HERE, id="otel"),
    pytest.param(
        "requirements-s3.txt",
        [Requirement("swift>=2.38")],
        installed_in(*map(str, S3_PACKAGES)),
        id="s3",
        marks=pytest.mark.skipif(
            not S3_PACKAGES, reason="The S3 server is not installed; see tests/services/servers.py."
        ),
    ),
]
CLI_LOCK = pytest.param(
    "cli/requirements.txt",
    [*direct_requirements(projects=("cli/pyproject.toml",)), Requirement("hatchling>=1.27")],
    HERE,
    id="cli",
)


@pytest.mark.embedded
@pytest.mark.parametrize(("name", "roots", "installed"), [*LOCKS, CLI_LOCK])
def test_the_lock_meets_each_requirement_of_each_locked_package(
    name: str, roots: list[Requirement], installed: dict[str, Distribution]
) -> None:
    lock = read_lock(name)
    for environment in environments():
        assert unmet(locked_in(lock, environment), roots, installed, environment) == set()


@pytest.mark.embedded
@pytest.mark.parametrize(("name", "roots", "installed"), LOCKS)
def test_installed_packages_match_the_lock(
    name: str, roots: list[Requirement], installed: dict[str, Distribution]
) -> None:
    lock = locked_in(read_lock(name), dict(default_environment()))
    assert {name: installed[name].version for name in lock if name in installed} == lock


@pytest.mark.embedded
def test_the_command_line_is_tested_with_the_versions_of_its_own_lock() -> None:
    tested = {pin.name: pin.version for pin in read_lock("requirements-dev.txt")}
    pinned = {pin.name: pin.version for pin in read_lock("cli/requirements.txt")}
    for requirement in direct_requirements(projects=("cli/pyproject.toml",)):
        assert pinned[requirement.name] == tested[requirement.name]


@pytest.mark.embedded
def test_the_lock_for_development_has_every_package_and_hash_of_the_hub() -> None:
    """`tests/installation.py` therefore installs only the larger one with each pip."""
    hub, development = hashes_of("requirements.txt"), hashes_of("requirements-dev.txt")
    assert len(hub) > 50
    assert {package: hashes for package, hashes in hub.items() if development.get(package) != hashes} == {}


def hashes_of(name: str) -> dict[str, set[str]]:
    """Return the hashes of each locked package by its name and version."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text().splitlines():
        if pin := PINNED.match(line):
            package = found.setdefault(f"{pin['name']}=={pin['version']}", set())
        elif "--hash=" in line:
            package.add(line.strip(" \\"))
    return found


@pytest.mark.embedded
def test_a_requirement_of_an_extra_that_is_not_locked_is_found() -> None:
    environment = dict(default_environment())
    lock = locked_in(read_lock("requirements.txt"), environment)
    del lock["psycopg-pool"]
    assert unmet(lock, direct_requirements(), HERE, environment) == {
        "psycopg requires psycopg-pool, which is not locked"
    }
