"""Tests that no API route makes the hub connect to a forbidden address, where these addresses accept connections.

The routes get one target of each kind; `tests/outbound/test_namespace.py` connects to all targets of the corpus.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import migrated_database
from tests.outbound.corpus import KINDS
from tests.outbound.test_namespace import PUBLIC, ensure_namespaces

pytestmark = pytest.mark.embedded
SENDS = ("test", "retry", "replay")
ROUTES = ("create", "edit", *SENDS)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    ensure_namespaces()
    folder = tmp_path_factory.mktemp("hub")
    migrated_database.copy_to(folder / "hub.sqlite3")
    script = Path(__file__).with_name("namespace_run.py")
    done = subprocess.run(
        ["unshare", "-Urn", sys.executable, str(script)],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(script.parents[2]),
            "DJANGO_SETTINGS_MODULE": "releasehub.settings.test",
            "RELEASEHUB_DATA_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder / 'hub.sqlite3'}",
        },
        capture_output=True,
        text=True,
        timeout=1800,  # it only ends a run that hangs
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", KINDS, ids=lambda case: case["id"])
def test_no_route_connects_to_a_forbidden_address(report: Any, case: dict[str, Any]) -> None:
    found = report["cases"][case["id"]]
    assert found["create"] == found["edit"] == []
    assert case["stage"] != "create" or found["status"] == [400, 400]
    reached = {address for route in SENDS for address in found[route]}
    if case["expect"] == "allow":
        assert max(found["status"]) < 300
        assert found["test"]
        assert found["replay"]
    elif case["class"] in {"redirect", "dns_rebind"}:
        assert reached <= PUBLIC
    else:
        assert reached == set()


def test_allowed_address_is_reached(report: Any) -> None:
    for address, found in report["listed"].items():
        expected = [] if address == "64:ff9b:1::1" else [address]  # 0.0.0.1 is inside
        assert (found["test"], found["replay"]) == (expected, expected)


def test_server_accepted_only_the_counted_connections(report: Any) -> None:
    rows = [*report["cases"].values(), *report["listed"].values()]
    assert report["accepted"] == [address for found in rows for route in ROUTES for address in found[route]]
