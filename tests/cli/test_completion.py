"""`--version` and the completion of commands and options by a shell."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import releasehub_cli
from tests.cli.conftest import PACKAGE, Run

pytestmark = pytest.mark.embedded


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell that finds `releasehub` on its PATH."""
    path = tmp_path / "bin" / "releasehub"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m releasehub_cli "$@"\n')
    path.chmod(0o755)
    return {"PATH": f"{path.parent}:{os.environ['PATH']}", "PYTHONPATH": str(PACKAGE), "HOME": str(tmp_path)}


def output_of(environment: dict[str, str], *command: str) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout


def test_version_is_that_of_the_distribution(anonymous: Run) -> None:
    assert anonymous("--version").out == f"releasehub, version {releasehub_cli.__version__}\n"


def test_bash_completes_a_command_with_the_printed_script(program: dict[str, str]) -> None:
    script = """
        eval "$(releasehub completion bash)"
        function=$(complete -p releasehub | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
        COMP_WORDS=(releasehub pub) COMP_CWORD=1
        "$function" releasehub pub releasehub
        echo "${COMPREPLY[@]}"
    """
    assert output_of(program, "bash", "-c", script) == "publish\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_printed_script_is_valid_and_calls_the_program(program: dict[str, str], anonymous: Run, shell: str) -> None:
    script = anonymous("completion", shell).out
    assert f"_RELEASEHUB_COMPLETE={shell}_complete" in script
    if shutil.which(shell):
        output_of(program, shell, "-n", "-c", script)


def test_options_are_completed_in_the_terms_of_each_shell(program: dict[str, str]) -> None:
    asked = {"_RELEASEHUB_COMPLETE": "zsh_complete", "COMP_WORDS": "releasehub publish --dr", "COMP_CWORD": "2"}
    assert "--draft" in output_of(program | asked, "releasehub")


@pytest.mark.parametrize(
    "line", ["publish tool@1.0 dist/", "upload tool@1.0 dist/", "verify --sums dist/", "download tool -o dist/"]
)
def test_paths_are_completed_by_the_shell(program: dict[str, str], line: str) -> None:
    asked = {"_RELEASEHUB_COMPLETE": "bash_complete", "COMP_WORDS": f"releasehub {line}"}
    assert output_of(program | asked | {"COMP_CWORD": str(line.count(" ") + 1)}, "releasehub") == "file,dist/\n"


def test_unknown_shell_is_a_usage_error(anonymous: Run) -> None:
    assert anonymous("completion", "tcsh").code == 2
