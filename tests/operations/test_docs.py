"""The commands in `docs/operating.md` work as documented."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from releasehub.server.command import granian_arguments
from tests.documented import DOCS
from tests.hubs import ROOT, environment
from tests.operations.machines import empty_machine

pytestmark = pytest.mark.embedded

PAGE = (DOCS / "operating.md").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
# Where the commands of each chapter are run, so that no new chapter is left out.
RUN_BY = {
    "One machine": "tests/live/test_serve.py",
    "PostgreSQL, Redis, S3": "test_commands_of_an_installation_without_containers",
    "Back up": "test_documented_backup_comes_back_with_the_documented_command",
    "Restore": "test_documented_backup_comes_back_with_the_documented_command",
    "Move to PostgreSQL": "tests/operations/test_documented_moves.py",
    "Move files to S3, or back": "tests/operations/test_documented_moves.py",
    "Upgrade": "test_commands_of_an_upgrade",
    "Variables": "test_commands_that_only_look_take_their_arguments",
    "Doctor": "test_commands_that_only_look_take_their_arguments",
    "Logs": "tests/live/test_serve.py",
    "Traces": "tests/test_locks.py",
    "The audit log": "test_commands_that_only_look_take_their_arguments",
    "Commands": "test_every_management_command_takes_the_documented_options",
}


def chapters() -> dict[str, str]:
    return {text.partition("\n")[0]: text for text in PAGE.split("\n## ")[1:]}


def commands_of(heading: str) -> str:
    """Return the first block of commands below the heading."""
    block = re.search(r"```sh\n(.*?)```", chapters()[heading], re.DOTALL)
    assert block, heading
    return block[1]


def inline_commands(heading: str) -> list[str]:
    return re.findall(r"`((?:git|python|docker|make) [^`]+)`", chapters()[heading])


def run(script: str, data: Path, **variables: str) -> str:
    """Run the commands in a shell whose `python` is that of the tests, and return what they printed."""
    variables = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", **variables}
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{script}"],
        env=environment(data, **variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_chapter_with_commands_is_run() -> None:
    assert {heading for heading, text in chapters().items() if "```sh\n" in text} | {"Upgrade", "Commands"} == set(
        RUN_BY
    )


def test_documented_backup_comes_back_with_the_documented_command(tmp_path: Path) -> None:
    old, new = empty_machine(tmp_path / "old"), empty_machine(tmp_path / "new")
    script = "\n".join([commands_of("Back up"), f"export RELEASEHUB_DATA_DIR={new}", commands_of("Restore")])
    printed = run(script.replace("/backups", str(tmp_path / "backups")), old)
    assert "is sound" in printed
    assert "is restored" in printed


def test_commands_that_only_look_take_their_arguments() -> None:
    """Parse the commands only; the tests of each command check its output."""
    for heading in ("Variables", "Doctor", "The audit log"):
        program, script, name, *arguments = shlex.split(commands_of(heading))
        assert (program, script) == ("python", "manage.py")
        parser_of(name).parse_args(arguments)


def test_commands_of_an_installation_without_containers(tmp_path: Path) -> None:
    """Install, migrate and collect as documented. The processes are those of Compose, which other tests start."""
    data = empty_machine(tmp_path / "data")
    lines = commands_of("PostgreSQL, Redis, S3").replace("\\\n", "").splitlines()
    programs = {line.split()[0] for line in lines}
    assert programs == {"pip", "python", "granian", "celery"}
    run(
        "\n".join(line for line in lines if line.split()[0] in {"pip", "python"}).replace("pip ", "python -m pip "),
        data,
    )
    assert list((data / "static").rglob("*.css"))
    (web,) = (shlex.split(line) for line in lines if line.startswith("granian "))
    assert web == ["granian", *granian_arguments(host="0.0.0.0", port=8000, workers=2)]  # noqa: S104
    workers = [shlex.split(line) for line in lines if line.startswith("celery ")]
    for documented, service in zip(workers, ("worker", "outbound", "beat"), strict=True):
        assert documented == shlex.split(SERVICES[service]["command"])[: len(documented)]


def test_commands_of_an_upgrade(tmp_path: Path) -> None:
    """Each step is run: in a clone, by the installation above, or as the service of Compose with the same command."""
    data = empty_machine(tmp_path / "data")
    steps, installation = inline_commands("Upgrade"), re.split(r" && |\n", commands_of("PostgreSQL, Redis, S3"))
    assert "python manage.py migrate" in steps
    assert shlex.split("python manage.py migrate") == shlex.split(SERVICES["migrate"]["command"])[:3]
    clone = tmp_path / "clone"
    run(f"git clone -q --no-hardlinks {ROOT} {clone} && git -C {clone} branch RELEASE HEAD", data)
    for step in steps:
        if step.startswith("git "):
            first, _, second = step.partition(" && ")
            run(f"cd {clone} && {first} 2>/dev/null", data)
            if second.startswith("make "):
                assert run(f"cd {clone} && make -n {second.removeprefix('make ')}", data)
        elif step.startswith("python ") and "/backups" not in step and "doctor" not in step:
            assert step in installation


DOCKER = argparse.ArgumentParser(exit_on_error=False)
_subcommands = DOCKER.add_subparsers(dest="command", required=True)
_up = _subcommands.add_parser("up", exit_on_error=False)
for _name in ("--detach", "--wait", "--build"):
    _up.add_argument(_name, action="store_true")
_run = _subcommands.add_parser("run", exit_on_error=False)
_run.add_argument("--rm", action="store_true")
_run.add_argument("--volume")
_run.add_argument("services", nargs=1)
_run.add_argument("program", nargs=argparse.REMAINDER)
_build = _subcommands.add_parser("build", exit_on_error=False)
_build.add_argument("--build-arg")
_logs = _subcommands.add_parser("logs", exit_on_error=False)
_logs.add_argument("services", nargs="*")


@cache
def compose_commands() -> list[argparse.Namespace]:
    """Return the documented commands of Compose. An option that its documentation does not list is an error."""
    found = re.findall(r"docker compose ([^`\n|]+)", PAGE)
    return [DOCKER.parse_args(shlex.split(text)) for text in found]


def test_commands_of_compose_name_its_services_and_run_what_runs_without_it() -> None:
    """No Docker daemon is needed: tests/test_compose.py checks the file, and tests/live/test_image.py the image."""
    commands = compose_commands()
    assert {command.command for command in commands} == {"up", "run", "build", "logs"}
    assert {name for command in commands for name in getattr(command, "services", [])} <= set(SERVICES)
    programs = [command.program for command in commands if command.command == "run" and command.program]
    without_compose = {line.strip() for heading in ("Back up", "Restore") for line in commands_of(heading).splitlines()}
    assert programs
    assert {shlex.join(program) for program in programs} <= without_compose
    arguments = {command.build_arg.partition("=") for command in commands if getattr(command, "build_arg", None)}
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert all(f"ARG {name}" in dockerfile and (ROOT / value).is_file() for name, _, value in arguments)


def test_variables_that_compose_requires_are_documented() -> None:
    required = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    assert required <= set(re.findall(r"`(\w+)`", chapters()["PostgreSQL, Redis, S3"]))


def test_every_management_command_takes_the_documented_options() -> None:
    for cell in re.findall(r"^\| (`.*?) \|", chapters()["Commands"], re.MULTILINE):
        for text in re.findall(r"`([a-z_]+[^`]*)`", cell):
            assert set(re.findall(r"--[a-z-]+", text)) <= options_of(parser_of(text.split()[0])), text


def parser_of(name: str) -> argparse.ArgumentParser:
    app = get_commands()[name]
    command = load_command_class(app, name) if isinstance(app, str) else app
    return command.create_parser("manage.py", name)


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Return the options of a command and of its subcommands."""
    found = {name for action in parser._actions for name in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {name for child in action.choices.values() for name in options_of(child)}
    return found
