"""The options that every command takes, before its name or after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from releasehub_cli.errors import usage
from releasehub_cli.settings import Settings

TARGET = "DOWNLOAD[@VERSION]"
VERSION = "DOWNLOAD@VERSION"
C = TypeVar("C", bound=Callable[..., Any])


def common(*, with_environment: bool = False) -> Callable[[C], C]:
    """--url, --key, --json, --quiet, --verbose. The environment is read by the program, not by each command."""

    def decorate(command: C) -> C:
        for option in reversed(_options(with_environment=with_environment)):
            command = option(command)
        return command

    return decorate


def parallel(command: C) -> C:
    return click.option(
        "--parallel", type=click.IntRange(1, 32), default=4, show_default=True, help="Parts sent at the same time."
    )(command)


def retries(command: C) -> C:
    return click.option(
        "--retries", type=click.IntRange(0, 100), default=8, show_default=True, help="Tries after one that failed."
    )(command)


def target_and_paths(words: Sequence[str], download: str, number: str) -> tuple[str, list[str]]:
    """Return DOWNLOAD@VERSION and the paths, from the words of the command or from the older pair of options.

    Raises:
        CliError: The target or the paths are missing.
    """
    if bool(download) != bool(number):
        raise usage("Name the version as DOWNLOAD@VERSION.", "--download and --version work only together.")
    target, *paths = [f"{download}@{number}", *words] if download else words
    if not download and ("@" not in target or Path(target).exists()):
        raise usage(f"Begin with DOWNLOAD@VERSION, such as packsmith@1.5.0, not with {target!r}.")
    if not paths:
        raise usage("Name at least one file.")
    return target, paths


def channel(command: C) -> C:
    return click.option("--channel", default="", help="The channel, where several have that version.")(command)


def _options(*, with_environment: bool) -> list[Callable[[C], C]]:
    url_variable, key_variable = ("RELEASEHUB_URL", "RELEASEHUB_API_KEY") if with_environment else (None, None)
    return [
        click.option(
            "--url",
            envvar=url_variable,
            show_envvar=True,
            expose_value=False,
            callback=_keep,
            help="The hub's address.",
        ),
        click.option(
            "--key", envvar=key_variable, show_envvar=True, expose_value=False, callback=_keep, help="The API key."
        ),
        click.option("--json", "as_json", is_flag=True, expose_value=False, callback=_keep, help="One JSON object."),
        click.option("--quiet", is_flag=True, expose_value=False, callback=_keep, help="Only results and errors."),
        click.option("--verbose", is_flag=True, expose_value=False, callback=_keep, help="Every request."),
    ]


def _keep(context: click.Context, option: click.Parameter, value: str | bool | None) -> None:
    """What is not given leaves what was given before the command's name."""
    if value:
        setattr(context.ensure_object(Settings), str(option.name), value)
