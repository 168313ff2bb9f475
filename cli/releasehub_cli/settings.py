"""The global options, combined with the environment and the stored login."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import click

from releasehub_cli.config import clean_key, clean_url, load_login
from releasehub_cli.errors import CliError, Exit, usage
from releasehub_cli.http import Hub
from releasehub_cli.output import Output


@dataclass
class Settings:
    """The values of the global options. `url` and `key` are empty unless an option or the environment sets them."""

    url: str = ""
    key: str = ""
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def output(self) -> Output:
        return Output(as_json=self.as_json, quiet=self.quiet, verbose=self.verbose)

    def hub(self, *, retries: int = 3, needs_key: bool = True) -> Hub:
        """Return a client for the chosen hub.

        Raises:
            CliError: The URL or a required key is missing.
        """
        url, key = self.url_and_key()
        if needs_key and not key:
            raise CliError(
                f"No API key is stored for {url}.",
                code="no_key",
                exit_code=Exit.NOT_ALLOWED,
                hint="Run `releasehub login`, or set RELEASEHUB_API_KEY.",
            )
        return self.connect(url, key, retries=retries)

    def connect(self, url: str, key: str, *, retries: int) -> Hub:
        """Return a client that is closed at the end of the command."""
        hub = Hub(url, key, output=self.output, retries=retries, stop=self.stop)
        click.get_current_context().call_on_close(hub.close)
        return hub

    def url_and_key(self) -> tuple[str, str]:
        """Return URL and key. A stored key is used only for the hub that it was stored for."""
        login = None if self.url and self.key else load_login()
        if not self.url and login is None:
            raise usage("The URL of the hub is missing.", "Run `releasehub login`, set RELEASEHUB_URL, or add --url.")
        url = clean_url(self.url or (login.url if login else ""))
        if self.key:
            return url, clean_key(self.key)
        return url, login.key if login and clean_url(login.url) == url else ""
