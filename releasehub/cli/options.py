"""The options that every command takes, before its name or after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from releasehub.cli.settings import Settings

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


def channel(command: C) -> C:
    return click.option("--channel", default="", help="Where several channels have that version: which one.")(command)


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
