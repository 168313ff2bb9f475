"""`login`, `logout` and `whoami`."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlsplit

import click

from releasehub_cli import options
from releasehub_cli.catalog import DOWNLOADS
from releasehub_cli.config import Login, clean_key, clean_url, config_path, load_login, remove_login, save_login
from releasehub_cli.errors import CliError, usage
from releasehub_cli.settings import Settings

WHOAMI = "/api/whoami"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@click.command()
@click.option("--key-stdin", is_flag=True, help="Read the key from standard input.")
@options.common()
@click.pass_obj
def login(settings: Settings, key_stdin: bool) -> None:
    """Check and store the URL of a hub and an API key.

    Later commands use both.

    \b
    Example:
      releasehub login --url https://releases.example.com
      echo "$KEY" | releasehub login --url https://releases.example.com --key-stdin
    """
    url = clean_url(settings.url or _prompt("URL of the hub"))
    key = clean_key(_key(settings, key_stdin=key_stdin))
    if urlsplit(url).scheme == "http" and urlsplit(url).hostname not in LOOPBACK:
        settings.output.warn("The key is sent unencrypted over http. Use an https:// URL.")
    settings.connect(url, key, retries=2).get(DOWNLOADS, per_page=1)
    path = save_login(Login(url, key))
    settings.output.result({"url": url, "config": str(path)}, f"Logged in to {url}. The key is stored in {path}")


@click.command()
@options.common()
@click.pass_obj
def logout(settings: Settings) -> None:
    """Delete the stored URL and key. The key remains valid until it is revoked on the hub.

    \b
    Example:
      releasehub logout
    """
    try:
        url = (load_login() or Login("", "")).url
    except CliError:
        url = ""
    existed = remove_login()
    text = f"Deleted {config_path()}" if existed else "No login was stored."
    settings.output.result({"removed": existed, "url": url}, text)


def _key(settings: Settings, *, key_stdin: bool) -> str:
    if key_stdin:
        return sys.stdin.readline()
    return settings.key or _prompt("API key", hidden=True)


def _prompt(name: str, *, hidden: bool = False) -> str:
    """Ask the user on the terminal.

    Raises:
        CliError: There is no terminal.
    """
    if not sys.stdin.isatty():
        raise usage(
            f"The command cannot ask for the {name} outside a terminal.", "Add --url and --key, or --key-stdin."
        )
    return str(click.prompt(name, hide_input=hidden, err=True))


@click.command()
@options.common()
@click.pass_obj
def whoami(settings: Settings) -> None:
    """Show the hub, the user and the permissions of the key.

    \b
    Example:
      releasehub whoami
    """
    hub = settings.hub()
    data = hub.get(WHOAMI)
    settings.output.result({"url": hub.url, "user": data["user"], "key": data["key"]}, _description(hub.url, data))


def _description(url: str, data: dict[str, Any]) -> str:
    user, key = data["user"], data["key"]
    lines = [("Hub", url), ("User", user["username"] if user else "none (a super-user key without a user)")]
    if key is not None:
        downloads = ", ".join(row["slug"] for row in key["downloads"]) or "none (they were deleted)"
        scopes = "all (a super-user key)" if key["is_super_user"] else ", ".join(key["scopes"]) or "none"
        lines += [
            ("Key", f"{key['name']} ({key['prefix']}…)"),
            ("Scopes", scopes),
            ("Downloads", downloads if key["is_bound"] else "all downloads of the user"),
            ("Expires", key["expires_at"] or "never"),
        ]
    return "\n".join(f"{name + ':':<11}{value}" for name, value in lines)
