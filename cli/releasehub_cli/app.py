"""The program with its commands. Every failure becomes an exit code here."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import click

from releasehub_cli import PROGRAM, __version__, options
from releasehub_cli.commands.auth import login, logout, whoami
from releasehub_cli.commands.completion import completion
from releasehub_cli.commands.create import create
from releasehub_cli.commands.download import download
from releasehub_cli.commands.listing import list_command
from releasehub_cli.commands.manage import delete, promote, rollout, unyank, yank
from releasehub_cli.commands.publish import publish
from releasehub_cli.commands.security import security
from releasehub_cli.commands.upload import upload
from releasehub_cli.commands.verify import verify
from releasehub_cli.errors import EXIT_CODES_HELP, CliError, Exit, usage
from releasehub_cli.interruption import interrupted
from releasehub_cli.output import prepare_streams
from releasehub_cli.retrying import Stopped
from releasehub_cli.settings import Settings


class Program(click.Group):
    """The group of all commands. It reports every failure, so that `--json` and the exit codes apply to all of them."""

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> Any:
        prepare_streams()
        arguments = list(sys.argv[1:] if args is None else args)
        settings = Settings(as_json="--json" in takewhile("--".__ne__, arguments))
        extra.pop("standalone_mode", None)
        try:
            result = super().main(args=arguments, prog_name=prog_name, standalone_mode=False, obj=settings, **extra)
        except Exception as error:
            failure = as_cli_error(error)
            if failure.code == "unexpected" and settings.verbose:
                traceback.print_exc()
            settings.stop.set()
            settings.output.error(failure)
            sys.exit(int(failure.exit_code))
        sys.exit(result if isinstance(result, int) else 0)


def as_cli_error(error: Exception) -> CliError:
    """Return any failure as an error with an exit code and a hint."""
    if isinstance(error, CliError):
        return error
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return usage("No command was given.", error.message)
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "releasehub"
        hint = f"See: {command} --help"
        return CliError(error.format_message(), code="usage", exit_code=Exit.USAGE, hint=hint)
    if isinstance(error, click.ClickException):
        return CliError(error.format_message())
    if isinstance(error, click.Abort | Stopped):
        return interrupted(error.__cause__)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else "The system reports: "
        return CliError(f"{place}{error.strerror or error}.", code="system")
    return CliError(
        f"Unexpected error: {type(error).__name__}: {error}",
        code="unexpected",
        hint="The hub may run a different version than this client. Use --verbose to see the traceback.",
    )


@click.group(
    cls=Program,
    epilog=EXIT_CODES_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@options.common(with_environment=True)
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """Publish releases to a ReleaseHub and download them from it.

    \b
    Example:
      releasehub login --url https://releases.example.com
      releasehub publish packsmith@1.5.0 dist/*

    Commands name a version as DOWNLOAD@VERSION: the slug of the download, and a version number (1.5.0), `latest`,
    `latest-1.x` or a channel (beta).
    """


COMMANDS = (
    *(login, logout, whoami, create, publish, upload, list_command, download, verify),
    *(yank, unyank, security, promote, rollout, delete, completion),
)
for command in COMMANDS:
    cli.add_command(command)
