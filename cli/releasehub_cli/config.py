"""The stored URL and API key of the hub, and the check of both."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from releasehub_cli.errors import CliError, Exit, usage


@dataclass(frozen=True)
class Login:
    url: str
    key: str


def config_path() -> Path:
    return _base("XDG_CONFIG_HOME", ".config") / "config.json"


def state_path() -> Path:
    return _base("XDG_STATE_HOME", ".local/state") / "uploads.json"


def load_login() -> Login | None:
    """Return the stored login, or None if there is none.

    Raises:
        CliError: The file cannot be read.
    """
    path: Path | str = "The configuration"
    try:
        path = config_path()
        data = json.loads(path.read_text("utf-8"))
        return Login(url=str(data["url"]), key=str(data["key"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CliError(f"{path} cannot be read.", code="config", hint="Run `releasehub login` again.") from error


def save_login(login: Login) -> Path:
    path = config_path()
    write_private(path, {"url": login.url, "key": login.key})
    return path


def remove_login() -> bool:
    """Delete the stored login. Return False if there was none."""
    try:
        config_path().unlink()
    except FileNotFoundError:
        return False
    return True


def write_private(path: Path, data: Any) -> None:
    """Replace the file atomically. Only its owner may read it and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # created with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(data, stream, indent=2)
            stream.write("\n")
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def clean_url(text: str) -> str:
    """Return the URL of a hub without a trailing slash or `/api`, so that each spelling of a hub gives the same URL.

    Raises:
        CliError: The text is not an absolute http:// or https:// URL, or it has credentials, a query or a fragment.
    """
    url = text.strip().rstrip("/").removesuffix("/api").rstrip("/")
    try:
        if urlsplit(url).scheme in {"http", "https"}:
            url = str(httpx.URL(url)).rstrip("/")
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")  # as the system does when it resolves the name
    except (ValueError, httpx.InvalidURL):
        host = None
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise usage(f"{text!r} is not a valid URL of a hub.", "Write it like https://releases.example.com.")
    if parts.username or parts.password:
        raise usage(
            "The URL must not contain a user name or password.", "Pass the key with --key or RELEASEHUB_API_KEY."
        )
    return url


def clean_key(text: str) -> str:
    """Return the key without surrounding whitespace.

    Raises:
        CliError: The key is empty, or has characters that an HTTP header cannot carry.
    """
    key = text.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise CliError(
            "The API key is empty or has invalid characters.",
            code="bad_key",
            exit_code=Exit.NOT_ALLOWED,
            hint="Copy the whole key from the hub and try again.",
        )
    return key


def _base(variable: str, fallback: str) -> Path:
    """Return the folder of this program. Relative XDG paths are ignored, as the XDG specification demands."""
    folder = os.environ.get(variable, "")
    root = Path(folder) if folder and Path(folder).is_absolute() else _home(variable) / fallback
    return root / "releasehub"


def _home(variable: str) -> Path:
    """Return the home directory.

    Raises:
        FileNotFoundError: There is none, for example in a container that runs as a user without a name.
    """
    try:
        return Path.home()
    except RuntimeError as error:
        message = f"this user has no home directory; set HOME or {variable} to a folder"
        raise FileNotFoundError(errno.ENOENT, message) from error
