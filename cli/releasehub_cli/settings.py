"""What the global options, the environment and the stored login make together."""

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
    """`url` and `key` as given by option or environment; empty when not."""

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
        """Errors: usage without an address; CliError without a key that is needed."""
        url, key = self.address_and_key()
        if needs_key and not key:
            raise CliError(
                f"There is no key for {url}.",
                code="no_key",
                exit_code=Exit.NOT_ALLOWED,
                hint="Run `releasehub login`, or set RELEASEHUB_API_KEY.",
            )
        return self.connect(url, key, retries=retries)

    def connect(self, url: str, key: str, *, retries: int) -> Hub:
        """Open until the command ends."""
        hub = Hub(url, key, output=self.output, retries=retries, stop=self.stop)
        click.get_current_context().call_on_close(hub.close)
        return hub

    def address_and_key(self) -> tuple[str, str]:
        """A stored key is used for the hub it was stored for, and no other."""
        login = None if self.url and self.key else load_login()
        if not self.url and login is None:
            raise usage("Which hub?", "Run `releasehub login`, set RELEASEHUB_URL, or give --url.")
        url = clean_url(self.url or (login.url if login else ""))
        if self.key:
            return url, clean_key(self.key)
        return url, login.key if login and login.url == url else ""
