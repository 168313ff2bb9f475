"""No artifact of a release tool is refused unless it deceives the program that unpacks it."""

from __future__ import annotations

import io

import pytest

from files.inspection.archives import inspect_archive
from files.inspection.findings import Finding, is_rejected
from tests.data.artifacts import ARTIFACTS, DECEIVING

pytestmark = pytest.mark.embedded


def inspected(name: str, content: bytes) -> list[Finding]:
    return inspect_archive(io.BytesIO(content), name)


@pytest.mark.parametrize("name", ARTIFACTS)
def test_artifact_is_accepted(name: str) -> None:
    artifact = ARTIFACTS[name]
    found = inspected(name, artifact.build())
    assert not is_rejected(found), found
    assert {finding.code for finding in found} == artifact.codes


@pytest.mark.parametrize("name", DECEIVING)
def test_deceiving_artifact_is_rejected(name: str) -> None:
    artifact = DECEIVING[name]
    reasons = [finding.code for finding in inspected(name, artifact.build()) if not finding.is_warning]
    assert set(reasons) == artifact.codes


def test_there_are_enough_artifacts() -> None:
    assert len(ARTIFACTS) >= 100
