"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from releasehub_cli.errors import usage
from releasehub_cli.minimum_age import MinimumAge
from releasehub_cli.settings import Settings

TARGET = "DOWNLOAD[@VERSION]"
VERSION = "DOWNLOAD@VERSION"
AGE = re.compile(r"[0-9]{1,7}[mhdw]", re.IGNORECASE)
C = TypeVar("C", bound=Callable[..., Any])


def common(*, with_environment: bool = False) -> Callable[[C], C]:
    """Add --url, --key, --json, --quiet and --verbose, which are valid before and after the name of a command.

    Args:
        with_environment: Whether environment variables are read; the program does so, and each command does not.
    """

    def decorate(command: C) -> C:
        for option in reversed(_options(with_environment=with_environment)):
            command = option(command)
        return command

    return decorate


def parallel(command: C) -> C:
    return click.option(
        "--parallel",
        type=click.IntRange(1, 32),
        default=4,
        show_default=True,
        help="The number of parts to send at the same time.",
    )(command)


def retries(command: C) -> C:
    return click.option(
        "--retries",
        type=click.IntRange(0, 100),
        default=8,
        show_default=True,
        help="The number of retries after a failure.",
    )(command)


def target_and_paths(words: Sequence[str], download: str, number: str) -> tuple[str, list[str]]:
    """Return DOWNLOAD@VERSION and the paths, from the arguments or from the older options.

    Raises:
        CliError: The version or the paths are missing.
    """
    if bool(download) != bool(number):
        raise usage("Name the version as DOWNLOAD@VERSION.", "Use --download and --version only together.")
    target, *paths = [f"{download}@{number}", *words] if download else words
    if not download and ("@" not in target or Path(target).exists()):
        raise usage(f"The first argument must be DOWNLOAD@VERSION, such as packsmith@1.5.0, not {target!r}.")
    if not paths:
        raise usage("No files were given. Name at least one file.")
    return target, paths


def complete_paths(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the names of files. Otherwise it would complete nothing in place of a plain text."""
    return [CompletionItem(incomplete, type="file")]


def channel(command: C) -> C:
    return click.option("--channel", default="", help="The channel, if several have that version.")(command)


def rollout(command: C) -> C:
    percent = click.IntRange(0, 100)
    text = "Offer the version to this share of the installed programs, in percent."
    return click.option("--rollout", "percent", type=percent, metavar="PERCENT", help=text)(command)


def min_age(command: C) -> C:
    """Add --min-age and --no-security. The command receives them as a `MinimumAge`."""
    option = click.option(
        "--min-age",
        default="",
        callback=_check_age,
        envvar="RELEASEHUB_MIN_AGE",
        show_envvar=True,
        metavar="AGE",
        help="Only versions that have been public for this long: 48h, 7d, 2w. Security releases do not wait.",
    )
    strict = click.option(
        "--no-security", is_flag=True, help="With --min-age: let security releases wait like other versions."
    )

    @wraps(command)
    def with_minimum_age(*arguments: Any, min_age: str, no_security: bool, **values: Any) -> Any:
        return command(*arguments, minimum_age=MinimumAge(min_age, exempts_security=not no_security), **values)

    return option(strict(cast("C", with_minimum_age)))


def _check_age(context: click.Context, option: click.Parameter, value: str) -> str:
    """Reject an invalid age before it is sent, because the error of the hub names its parameter, not this option."""
    if value and not AGE.fullmatch(value.strip()):
        text = f"{value[:50]!r} is not a whole number and a unit: 90m (minutes), 48h (hours), 7d (days) or 2w (weeks)."
        raise click.BadParameter(text, context, option)
    return value


def _options(*, with_environment: bool) -> list[Callable[[C], C]]:
    url_variable, key_variable = ("RELEASEHUB_URL", "RELEASEHUB_API_KEY") if with_environment else (None, None)
    return [
        click.option(
            "--url",
            envvar=url_variable,
            show_envvar=True,
            expose_value=False,
            callback=_store,
            help="The URL of the hub.",
        ),
        click.option(
            "--key", envvar=key_variable, show_envvar=True, expose_value=False, callback=_store, help="The API key."
        ),
        click.option(
            "--json", "as_json", is_flag=True, expose_value=False, callback=_store, help="Print one JSON object."
        ),
        click.option(
            "--quiet", is_flag=True, expose_value=False, callback=_store, help="Print only results and errors."
        ),
        click.option("--verbose", is_flag=True, expose_value=False, callback=_store, help="Print every request."),
    ]


def _store(context: click.Context, option: click.Parameter, value: str | bool | None) -> None:
    """Store the value, if given. Options after the name of the command replace those before it."""
    if value:
        setattr(context.ensure_object(Settings), str(option.name), value)
