"""The reader of environment variables: `environs`, with the types and the messages of this project.

The settings read their variables through `env`. An invalid value raises no error at once: `environs` records it, the
default takes its place, and `stop_if_invalid` reports all invalid values together after the last variable was read.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from environs import Env, EnvValidationError, ValidationError, validate

MIN_SECRET_KEY_CHARACTERS = 32
# Values that a message must not repeat, because it ends up in logs. A database URL contains a password.
SECRET_VARIABLES = {"SECRET_KEY", "DATABASE_URL"}
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
# Old names that still work, with their new names. `releasehub.core.checks` warns about them.
RENAMED_VARIABLES = {"RELEASEHUB_GUEST_CACHE_SECONDS": "RELEASEHUB_ANONYMOUS_CACHE_SECONDS"}


class Environment(Env):
    """Typed access to the variables. Every method takes the name of a variable and its default."""

    def text(self, name: str, default: str = "", *, check: Callable[[Any], Any] | None = None) -> str:
        return self.str(name, default, validate=check) or default

    def items(self, name: str, default: str = "") -> list[str]:
        """Return the entries of a comma-separated list."""
        return [item for item in self.list(name, default.split(","), subcast=str.strip) if item]

    def flag(self, name: str, *, default: bool, check: Callable[[Any], Any] | None = None) -> bool:
        value = self.bool(name, default, validate=check, **_invalid("Set it to 1 or 0."))
        return default if value is None else value

    def number(self, name: str, default: int, *, minimum: int = 0, maximum: int | None = None) -> int:
        hint = f"Set it to a whole number that is at least {minimum}."
        if maximum is not None:
            hint = f"Set it to a whole number from {minimum} to {maximum}."
        limits = validate.Range(min=minimum, max=maximum, error=hint)
        value = self.int(name, default, validate=limits, **_invalid(hint))
        return default if value is None else value

    def choice(self, name: str, default: str, allowed: Sequence[str]) -> str:
        return self.text(name, default, check=validate.OneOf(allowed, error="Set it to one of: {choices}."))

    def _get_value(self, env_key: str, default: Any) -> Any:
        """Treat an empty variable like a missing one. Compose passes every variable, and most of them are empty."""
        value = super()._get_value(env_key, default)
        return (value.strip() or default) if isinstance(value, str) else value


env = Environment(eager=False)


def fallback_url(hosts: Sequence[str], *, is_https: bool, port: str) -> tuple[str, bool]:
    """Return the URL for links outside of requests if no public URL is set, and whether the host names tell it.

    They tell it if there is a single name, or if only this machine can reach the hub.
    """
    outside = [host for host in hosts if host not in LOCAL_HOSTS]
    names = [host for host in outside if not host.startswith((".", "*"))]
    if not names:
        return f"http://localhost:{port}", not outside
    return f"{'https' if is_https else 'http'}://{names[0]}", len(outside) == 1


def stop_if_invalid() -> None:
    """End the process with one message about all invalid variables, if there are any."""
    try:
        env.seal()
    except EnvValidationError as error:
        # Raised within the import of the settings, any other exception would be shown with a traceback.
        raise SystemExit(explain(dict(error.error_messages))) from None  # type: ignore[arg-type]


def explain(errors: dict[str, list[str]]) -> str:
    lines = [f"- {_shown(name)} {' '.join(messages)}" for name, messages in errors.items()]
    return "\n".join(["ReleaseHub cannot start, because environment variables are invalid:", *lines])


def _shown(name: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        return f"{name} is not set."
    return f"{name} is invalid." if name in SECRET_VARIABLES else f"{name} is {value!r}."


def _invalid(hint: str) -> Any:
    """Replace the library's message for a value of the wrong type with one that says what to do."""
    return {"error_messages": {"invalid": hint}}


@env.parser_for("networks")
def parse_networks(value: str) -> list[str]:
    """Return the networks of a comma-separated list, such as 10.1.0.0/16."""
    networks = []
    for item in filter(None, map(str.strip, value.split(","))):
        try:
            networks.append(str(ip_network(item)))
        except ValueError as error:
            raise ValidationError(f"The network is invalid: {error}. Write it like 10.1.0.0/16.") from error
    return networks


@env.parser_for("font")
def parse_font(value: str) -> str:
    """Return the path of an existing file, or an empty string."""
    if value and not Path(value).is_file():
        raise ValidationError("There is no such file. Set it to the path of a TTF, OTF or TTC font.")
    return value


@env.parser_for("public_url")
def parse_public_url(value: str) -> str:
    """Return the URL without a trailing slash. The hub only works at the root of a host."""
    try:
        parts = urlsplit(value.rstrip("/"))
    except ValueError:  # an invalid IPv6 address
        parts = urlsplit("")
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValidationError("Set it to a URL such as https://hub.example.org.")
    if parts.path or parts.query or parts.fragment or parts.username:
        raise ValidationError(
            "The hub only works at the root of a host, and without a user name in the URL. Use a separate host name, "
            f"such as https://hub.{parts.hostname}."
        )
    return value.rstrip("/")


@env.parser_for("issuer")
def parse_issuer(value: str) -> str:
    """Return the URL of an OpenID Connect provider without a slash at the end. Plain HTTP is for this machine only."""
    try:
        parts = urlsplit(value)
    except ValueError:  # an invalid IPv6 address
        parts = urlsplit("")
    is_local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    if value and not (parts.hostname and (parts.scheme == "https" or is_local)):
        raise ValidationError("Set it to the https URL of the issuer, such as https://login.example.org/realms/main.")
    return value.rstrip("/")


@env.parser_for("link")
def parse_link(value: str) -> str:
    """Return a path of this host, or an absolute URL. Other schemes could run script in a page."""
    try:
        parts = urlsplit(value)
    except ValueError:  # an invalid IPv6 address
        parts = urlsplit("")
    is_path = value.startswith("/") and not value.startswith(("//", "/\\"))
    is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    if value and (not (is_path or is_url) or any(character in value for character in " ;,\"'<>")):
        raise ValidationError("Set it to a path such as /imprint, or to a URL such as https://example.org/imprint.")
    return value


@env.parser_for("database")
def parse_database(value: str) -> dict[str, Any]:
    try:
        return dict(dj_database_url.parse(value))
    except ValueError as error:
        raise ValidationError("Set it to a URL such as postgresql://user:password@host/name.") from error


@env.parser_for("bucket")
def parse_bucket(value: str) -> str:
    if not value:
        raise ValidationError("Set it to the name of the bucket, because RELEASEHUB_STORAGE is s3.")
    return value


@env.parser_for("stored_secret_key")
def stored_secret_key(data_dir: str) -> str:
    """Return the key in the data directory. It is generated on the first start, and only its owner can read it."""
    path = Path(data_dir).expanduser().absolute() / "secret_key"
    try:
        return path.read_text().strip() if path.exists() else _new_secret_key(path)
    except OSError as error:
        raise ValidationError(
            f"The data directory cannot be used: {error}. Make it writable for this user, or choose another "
            "directory: make run RELEASEHUB_DATA_DIR=/path/to/data"
        ) from error


def _new_secret_key(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process has just created it
        return path.read_text().strip()
    value = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(value)
    return value
