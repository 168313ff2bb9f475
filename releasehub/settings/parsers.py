"""Parsers of environment variables whose values have a form of their own. `env` has a method for each."""

import fcntl
import os
import re
import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import dj_database_url
from environs import ValidationError

_HOST = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]")  # what Django accepts in the header Host
_DEFAULT_PORTS = {"http": 80, "https": 443}


def parse_networks(value: str) -> list[str]:
    """Return the networks of a comma-separated list, such as 10.1.0.0/16."""
    networks = []
    for item in filter(None, map(str.strip, value.split(","))):
        try:
            networks.append(str(ip_network(item)))
        except ValueError as error:
            raise ValidationError(f"The network is invalid: {error}. Write it like 10.1.0.0/16.") from error
    return networks


def parse_folder(value: str) -> Path:
    return Path(value).expanduser().absolute()


def parse_font(value: str) -> str:
    """Return the path of an existing file, or an empty string."""
    if value and not Path(value).is_file():
        raise ValidationError("There is no such file. Set it to the path of a TTF, OTF or TTC font.")
    return value


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # an invalid IPv6 address
        return urlsplit("")


def parse_public_url(value: str) -> str:
    """Return the URL as browsers send it in Origin and Host: lower case, ASCII, without a default port and a slash.

    The hub only works at the root of a host.
    """
    parts = _split(value.rstrip("/"))
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValidationError("Set it to a URL such as https://hub.example.org.")
    if parts.path or parts.query or parts.fragment or parts.username:
        raise ValidationError(
            "The hub only works at the root of a host, and without a user name in the URL. Use a separate host name, "
            f"such as https://hub.{parts.hostname}."
        )
    return f"{parts.scheme}://{_public_host(parts)}" if value else ""


def _public_host(parts: SplitResult) -> str:
    """Return the host name and, unless it is the default, the port.

    Raises:
        ValidationError: No browser can send such a host name, or Django refuses it in the header Host.
    """
    name = (parts.hostname or "").removesuffix(".")
    try:
        encoded, port = name.encode("idna"), parts.port
    except ValueError:
        encoded, port = b"", 0
    host = f"[{name}]" if ":" in name else encoded.decode("ascii")
    if not _HOST.fullmatch(host) or ".." in host or port == 0:
        raise ValidationError(
            "Set it to a URL such as https://hub.example.org. The host name can have letters, digits, hyphens and "
            "dots. The port can be at most 65535."
        )
    if encoded.decode("idna") != name:  # such as ß, which browsers encode in another way
        raise ValidationError("Write the host name in its ASCII form, such as https://hub.xn--strae-oqa.example.")
    return host if port in {None, _DEFAULT_PORTS[parts.scheme]} else f"{host}:{port}"


def parse_issuer(value: str) -> str:
    """Return the URL of an OpenID Connect provider without a slash at the end. Plain HTTP is for this machine only."""
    parts = _split(value)
    is_local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    if value and not (parts.hostname and (parts.scheme == "https" or is_local)):
        raise ValidationError("Set it to the https URL of the issuer, such as https://login.example.org/realms/main.")
    return value.rstrip("/")


def parse_link(value: str) -> str:
    """Return a path of this host, or an absolute URL. Other schemes could run script in a page."""
    parts = _split(value)
    is_path = value.startswith("/") and not value.startswith(("//", "/\\"))
    is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    if value and (not (is_path or is_url) or any(character in value for character in " ;,\"'<>")):
        raise ValidationError("Set it to a path such as /imprint, or to a URL such as https://example.org/imprint.")
    return value


def parse_database(value: str) -> dict[str, Any]:
    try:
        return dict(dj_database_url.parse(value))
    except ValueError as error:
        raise ValidationError("Set it to a URL such as postgresql://user:password@host/name.") from error


def parse_replica(value: str) -> dict[str, Any]:
    """Return the database configuration of a replica, or an empty one. SQLite has no replicas."""
    config = parse_database(value) if value else {}
    if config and "postgresql" not in config["ENGINE"]:
        raise ValidationError("Set it to a URL such as postgresql://user:password@host/name, or unset it.")
    return config


def parse_bucket(value: str) -> str:
    if not value:
        raise ValidationError("Set it to the name of the bucket, because RELEASEHUB_STORAGE is s3.")
    return value


def stored_secret_key(data_dir: str) -> str:
    """Return the key in the data directory. It is generated on the first start, and only its owner can read it."""
    path = parse_folder(data_dir) / "secret_key"
    try:
        if not path.exists():
            _store_new_secret_key(path)
        value = path.read_text().strip()
    except OSError as error:
        raise ValidationError(
            f"The data directory cannot be used: {error}. Make it writable for this user, or choose another "
            "directory: make run RELEASEHUB_DATA_DIR=/path/to/data"
        ) from error
    if not value:
        raise ValidationError(
            f"The file {path} is empty. Put the key of this hub back. If the hub has no data yet, delete the file: "
            "a new key is generated at the next start."
        )
    return value


def _store_new_secret_key(path: Path) -> None:
    """Create the file completely or not at all. Of several processes that start at the same time, one creates it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600), "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if path.exists():  # another process has created it meanwhile
            unfinished.unlink(missing_ok=True)
            return
        handle.truncate()
        handle.write(secrets.token_urlsafe(48))
        handle.flush()
        os.fsync(handle.fileno())
        unfinished.rename(path)


PARSERS = {
    "networks": parse_networks,
    "folder": parse_folder,
    "font": parse_font,
    "public_url": parse_public_url,
    "issuer": parse_issuer,
    "link": parse_link,
    "database": parse_database,
    "replica": parse_replica,
    "bucket": parse_bucket,
    "stored_secret_key": stored_secret_key,
}
