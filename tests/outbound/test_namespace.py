"""Tests with real connections, in a network namespace where the forbidden addresses exist and accept connections."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.embedded

HERE = Path(__file__).parent
CORPUS = HERE.parent / "corpora" / "ssrf_targets.json"
PUBLIC = {"8.8.4.4", "8.8.8.8", "9.9.9.9", "1.1.1.1"}


def ensure_namespaces() -> None:
    """Skip the test if network namespaces are not available."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("there is no unshare or ip command")
    if subprocess.run(["unshare", "-Urn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces are not allowed here")


@pytest.fixture(scope="module")
def report() -> Any:
    ensure_namespaces()
    done = subprocess.run(
        ["unshare", "-Urn", sys.executable, "-W", "error", str(HERE / "namespace_run.py"), str(CORPUS)],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_forbidden_addresses_are_reached_only_when_listed(report: Any) -> None:
    assert report["forbidden"] == {address: [] for address in report["forbidden"]}
    listed = {address: [address] for address in report["listed"]}
    listed["64:ff9b:1::1"] = []  # 0.0.0.1 is inside
    assert report["listed"] == listed


@pytest.mark.parametrize("case", json.loads(CORPUS.read_text())["cases"], ids=lambda case: case["id"])
def test_no_corpus_target_connects_to_a_forbidden_address(report: Any, case: dict[str, Any]) -> None:
    reached = report["cases"][case["id"]]
    if case["expect"] == "allow":
        assert reached
    elif case["class"] in {"redirect", "dns_rebind"}:
        assert set(reached) <= PUBLIC
    else:
        assert reached == []


def test_server_accepted_only_the_counted_connections(report: Any) -> None:
    counted = [
        address for part in ("forbidden", "listed", "cases") for found in report[part].values() for address in found
    ]
    assert report["accepted"] == counted
