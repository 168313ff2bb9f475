"""`security`: mark a version as a security release."""

from __future__ import annotations

import click

from releasehub_cli import catalog, options
from releasehub_cli.commands.manage import version_data
from releasehub_cli.settings import Settings
from releasehub_cli.targets import version_of


@click.command()
@click.argument("version", metavar=options.VERSION)
@click.option("--undo", is_flag=True, help="Remove the mark.")
@click.option("--reason", default="", help="The reason, for the audit log, such as a CVE number.")
@options.channel
@options.common()
@click.pass_obj
def security(settings: Settings, version: str, undo: bool, reason: str, channel: str) -> None:
    """Mark a version as a security release.

    Clients with a minimum age get it at once. The API key needs the scope version:mark_security, which no other scope
    includes.

    \b
    Example:
      releasehub security packsmith@1.5.1 --reason CVE-2026-1234
      releasehub security packsmith@1.5.1 --undo
    """
    hub = settings.hub()
    row = version_of(hub, version, channel)
    catalog.mark_security(hub, row, is_security_release=not undo, reason=reason)
    row = catalog.version_with_id(hub, row["version_id"])
    words = "is no longer marked as a security release" if undo else "is a security release"
    settings.output.result(
        {"version": version_data(row)}, f"Version {row['version_string']} ({row['channel']}) {words}."
    )
