"""The metadata and the lock files agree on the supported versions of Python."""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parent.parent
PROJECTS = ("pyproject.toml", "cli/pyproject.toml")
LOCKS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/requirements.txt"))
LOCKS += sorted(path.name for path in ROOT.glob("requirements*.txt"))
CLASSIFIER = "Programming Language :: Python :: "


def read(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text())


def supported(path: str = "pyproject.toml") -> list[str]:
    return [name.removeprefix(CLASSIFIER) for name in read(path)["project"]["classifiers"] if CLASSIFIER in name]


@pytest.mark.parametrize("path", PROJECTS)
def test_oldest_python_is_the_required_one(path: str) -> None:
    assert read(path)["project"]["requires-python"] == f">={supported(path)[0]}"
    assert supported(path) == supported()


def test_tools_check_the_code_for_the_oldest_python() -> None:
    tools, oldest = read("pyproject.toml")["tool"], supported()[0]
    assert tools["mypy"]["python_version"] == oldest
    assert tools["ruff"]["target-version"] == "py" + oldest.replace(".", "")


def test_make_looks_for_the_supported_pythons() -> None:
    found = re.search(r"^PYTHONS := (.+) python3$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found is not None
    assert found.group(1).split() == [f"python{version}" for version in reversed(supported())]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_python_gets_the_same_version_of_a_package(lock: str) -> None:
    packages = Counter(re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
    assert packages
    assert [name for name, count in packages.items() if count > 1] == []
