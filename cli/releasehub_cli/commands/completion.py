"""`completion`: the script with which a shell completes commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from releasehub_cli import PROGRAM
from releasehub_cli.errors import CliError

SHELLS = ("bash", "zsh", "fish")
VARIABLE = f"_{PROGRAM.upper()}_COMPLETE"  # click looks for this name


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script for completion with the Tab key.

    It completes commands, options and paths.

    \b
    Example:
      eval "$(releasehub completion bash)"            # in ~/.bashrc
      eval "$(releasehub completion zsh)"             # in ~/.zshrc
      releasehub completion fish > ~/.config/fish/completions/releasehub.fish
    """
    completion_class = get_completion_class(shell)
    if completion_class is None:
        raise CliError(f"The installed version of click does not support {shell}.", code="unsupported")
    click.echo(completion_class(context.find_root().command, {}, PROGRAM, VARIABLE).source())
