"""Commands that change an existing version: `yank`, `unyank`, `promote`, `rollout` and `delete`."""

from __future__ import annotations

import sys
from typing import Any

import click

from releasehub_cli import catalog, options
from releasehub_cli.errors import CliError, conflict, usage
from releasehub_cli.settings import Settings
from releasehub_cli.shapes import VersionRow
from releasehub_cli.targets import version_of


@click.command()
@click.argument("version", metavar=options.VERSION)
@click.option("--reason", required=True, help="The reason, which users of this version see.")
@options.channel
@options.common()
@click.pass_obj
def yank(settings: Settings, version: str, reason: str, channel: str) -> None:
    """Stop offering a version. Exact links to it still work, with a warning.

    \b
    Example:
      releasehub yank packsmith@1.5.0 --reason "Breaks on arm64; use 1.5.1"
    """
    _step(settings, version, channel, "yank", {"reason": reason}, "Yanked")


@click.command()
@click.argument("version", metavar=options.VERSION)
@options.channel
@options.common()
@click.pass_obj
def unyank(settings: Settings, version: str, channel: str) -> None:
    """Offer a yanked version again.

    \b
    Example:
      releasehub unyank packsmith@1.5.0
    """
    _step(settings, version, channel, "unyank", {}, "Unyanked")


@click.command()
@click.argument("version", metavar=options.VERSION)
@click.option("--to", "target", required=True, metavar="CHANNEL", help="The new channel.")
@click.option("--from", "source", default="", metavar="CHANNEL", help="The channel that the version must be in now.")
@options.common()
@click.pass_obj
def promote(settings: Settings, version: str, target: str, source: str) -> None:
    """Move a version to another channel without uploading it again.

    \b
    Example:
      releasehub promote packsmith@1.6.0 --from beta --to stable
    """
    hub = settings.hub()
    row = version_of(hub, version, source)
    catalog.warn_if_yanked(settings.output, row)
    if source and row["channel"] != source:
        raise conflict(f"Version {row['version_string']} is in the channel {row['channel']}, not {source}.")
    if row["channel"] != target:
        hub.put(f"{catalog.VERSIONS}{row['version_id']}/", {"channel": target})
    data = {"version": version_data(row) | {"channel": target}, "from": row["channel"]}
    settings.output.result(data, f"Version {row['version_string']}: {row['channel']} → {target}")


@click.command()
@click.argument("version", metavar=options.VERSION)
@click.argument("percent", type=click.IntRange(0, 100))
@options.channel
@options.common()
@click.pass_obj
def rollout(settings: Settings, version: str, percent: int, channel: str) -> None:
    """Offer a version to a share of the installed programs.

    The share is in percent: 100 offers the version to all of them.

    \b
    Example:
      releasehub rollout packsmith@1.6.0 20
    """
    hub = settings.hub()
    row = version_of(hub, version, channel)
    catalog.warn_if_yanked(settings.output, row)
    hub.put(f"{catalog.VERSIONS}{row['version_id']}/", {"rollout_percent": percent})
    text = f"Version {row['version_string']} ({row['channel']}) is offered to {percent} % of the clients."
    settings.output.result({"version": version_data(row) | {"rollout_percent": percent}}, text)


@click.command()
@click.argument("version", metavar=options.VERSION)
@click.option("--file", "filename", default="", metavar="NAME", help="Delete only this file.")
@click.option("--hard", is_flag=True, help="Erase it permanently, including its bytes. Requires a scope of its own.")
@click.option("--reason", required=True, help="The reason, for the audit log and for users of the old links.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@options.channel
@options.common()
@click.pass_obj
def delete(settings: Settings, version: str, filename: str, hard: bool, reason: str, yes: bool, channel: str) -> None:
    """Delete a version or one of its files. Without --hard it can be restored for some weeks.

    \b
    Example:
      releasehub delete packsmith@1.5.0-rc.1 --reason "Superseded" --yes
    """
    hub = settings.hub()
    row = version_of(hub, version, channel)
    path, subject = f"{catalog.VERSIONS}{row['version_id']}/", f"version {row['version_string']} ({row['channel']})"
    if filename:
        files = {file["filename"]: file for file in catalog.all_files(hub, row)}
        if filename not in files:
            raise catalog.no_such_file(f"Version {row['version_string']}", filename, files.values())
        path, subject = f"{catalog.FILES}{files[filename]['file_id']}/", f"{filename} of {subject}"
    if not yes:
        _confirm(f"{'Erase' if hard else 'Delete'} {subject}?")
    hub.delete(path, reason=reason, **({"hard": 1} if hard else {}))
    data = {"deleted": {"version": version_data(row), "filename": filename or None, "hard": hard}}
    settings.output.result(data, f"{'Erased' if hard else 'Deleted'} {subject}")


def _step(settings: Settings, name: str, channel: str, step: str, body: dict[str, Any], past_tense: str) -> None:
    hub = settings.hub()
    row = version_of(hub, name, channel)
    hub.post(f"{catalog.VERSIONS}{row['version_id']}/{step}/", body)
    row = catalog.version_with_id(hub, row["version_id"])
    settings.output.result(
        {"version": version_data(row)}, f"{past_tense} version {row['version_string']} ({row['channel']})"
    )


def version_data(row: VersionRow) -> dict[str, Any]:
    names = ("version_id", "version_string", "channel", "state", "is_published", "is_yanked", "is_security_release")
    return {name: value for name, value in row.items() if name in names}


def _confirm(question: str) -> None:
    """Ask the user for confirmation.

    Raises:
        CliError: The user declines, or there is no terminal.
    """
    if not sys.stdin.isatty():
        raise usage(
            "The command cannot ask for confirmation outside a terminal.", "Add --yes to delete without confirmation."
        )
    if not click.confirm(question, err=True):
        raise CliError("Nothing was deleted.", code="declined")
