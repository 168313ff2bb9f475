"""Programs of pipelines that publish: a run, a run that is killed during its uploads, and the run after it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.programs import Programs, ended
from tests.clients.relay import HoldingRelay
from tests.clients.site import Repository
from tests.clients.sources import GIT_HOST, git, make_source

SIZES = {"small.bin": 1000, "large.bin": 3_000_000}
HELD_AFTER = 1_000_000  # in the middle of the upload of the large file
ACTION = os.environ.get("RELEASEHUB_ACTION_GH_RELEASE", "")


@dataclass
class Pipeline:
    """A checkout with files to publish, and the place that the programs believe to be their Git host."""

    programs: Programs
    repository: Repository
    source: Path

    def start(self, *words: object, **variables: str) -> subprocess.Popen[str]:
        return self.programs.start(*words, folder=self.source, **variables)

    def assert_published(self, tag: str) -> None:
        (release,) = self.repository.releases()
        assert (release["tag_name"], release["draft"]) == (tag, False)
        found = {asset["name"]: asset["digest"] for asset in release["assets"]}
        assert found == {name: digest_of(self.source / "dist" / name) for name in SIZES}


# Starts a program that publishes, on a host and a port of the hub: plain HTTP, or TLS for programs that insist on it.
Publisher = Callable[[Pipeline, int], "subprocess.Popen[str]"]


def digest_of(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.fixture
def pipeline(programs: Programs, repository: Repository, tmp_path: Path) -> Pipeline:
    source = make_source(programs, repository, tmp_path)
    (source / "dist").mkdir()
    for name, size in SIZES.items():
        (source / "dist" / name).write_bytes(random.Random(name).randbytes(size))
    return Pipeline(programs, repository, source)


def start_semantic_release(pipeline: Pipeline, port: int) -> subprocess.Popen[str]:
    """Start the whole program, with the plug-in for GitHub and the one that reads the commits."""
    plugin = {"assets": "dist/*.bin", "successCommentCondition": False, "failCommentCondition": False}
    settings = {
        "branches": ["main"],
        "repositoryUrl": f"{GIT_HOST}/{pipeline.repository.full_name}.git",
        "plugins": ["@semantic-release/commit-analyzer", ["@semantic-release/github", plugin]],
    }
    (pipeline.source / ".releaserc.json").write_text(json.dumps(settings))
    return pipeline.start(
        pipeline.programs.node_modules / ".bin" / "semantic-release",
        "--no-ci",
        GITHUB_API_URL=f"http://127.0.0.1:{port}/api/v3",
        GH_TOKEN=pipeline.repository.site.keys["writer"],
    )


def start_release_it(pipeline: Pipeline, port: int) -> subprocess.Popen[str]:
    settings = {
        "git": {"requireCleanWorkingDir": False, "requireUpstream": False},
        "npm": False,
        "github": {
            "release": True,
            "host": f"localhost:{port}",
            "assets": ["dist/*.bin"],
            "comments": {"submit": False},
        },
    }
    (pipeline.source / ".release-it.json").write_text(json.dumps(settings))
    return pipeline.start(
        pipeline.programs.node_modules / ".bin" / "release-it",
        "1.0.0",
        "--ci",
        GITHUB_TOKEN=pipeline.repository.site.keys["writer"],
    )


def start_action_gh_release(pipeline: Pipeline, port: int) -> subprocess.Popen[str]:
    output = pipeline.programs.home / "output"
    output.touch()
    return pipeline.start(
        pipeline.programs.node,
        ACTION,
        GITHUB_API_URL=f"http://127.0.0.1:{port}/api/v3",
        GITHUB_REPOSITORY=pipeline.repository.full_name,
        GITHUB_REF="refs/tags/v1.0.0",
        GITHUB_OUTPUT=str(output),
        INPUT_TOKEN=pipeline.repository.site.keys["writer"],
        INPUT_FILES="dist/*.bin",
        INPUT_FAIL_ON_UNMATCHED_FILES="true",
    )


needs_action = pytest.mark.skipif(
    not ACTION, reason="RELEASEHUB_ACTION_GH_RELEASE has no path of dist/index.js of action-gh-release."
)
PUBLISHERS = [
    pytest.param(start_semantic_release, id="semantic-release"),
    pytest.param(start_release_it, id="release-it"),
    pytest.param(start_action_gh_release, id="action-gh-release", marks=needs_action),
]


def port_for(pipeline: Pipeline, start: Publisher) -> int:
    site = pipeline.repository.site
    return int(site.tls_host.rpartition(":")[2]) if start is start_release_it else site.hub.port


def forget_the_tag(pipeline: Pipeline) -> None:
    """Undo what the killed run has pushed, as a person does before the same version is tried again."""
    if git(pipeline.programs, pipeline.source, "tag", "--list"):
        git(pipeline.programs, pipeline.source, "push", "--quiet", "origin", ":refs/tags/v1.0.0", ":refs/tags/1.0.0")
        git(
            pipeline.programs,
            pipeline.source,
            "tag",
            "--delete",
            *git(pipeline.programs, pipeline.source, "tag").split(),
        )


def tag_of(start: Publisher) -> str:
    return "1.0.0" if start is start_release_it else "v1.0.0"


@pytest.mark.parametrize("start", PUBLISHERS)
def test_publishes(pipeline: Pipeline, start: Publisher) -> None:
    ended(start(pipeline, port_for(pipeline, start))).ok()
    pipeline.assert_published(tag_of(start))


@pytest.mark.parametrize("start", PUBLISHERS)
def test_publishes_after_a_killed_run(pipeline: Pipeline, start: Publisher) -> None:
    relay = HoldingRelay(port_for(pipeline, start), HELD_AFTER)
    process = start(pipeline, relay.port)
    assert relay.held.wait(120), process.communicate()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    relay.close()
    forget_the_tag(pipeline)
    ended(start(pipeline, port_for(pipeline, start))).ok()
    pipeline.assert_published(tag_of(start))
