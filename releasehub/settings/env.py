"""Functions that read settings from environment variables.

An invalid value raises no error. It is added to `problems`, so that the system checks can report all of them at once.
"""

import os
import secrets
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

# Pairs of a variable and a message, for `releasehub.core.checks`.
problems: list[tuple[str, str]] = []


def text(name: str, default: str = "") -> str:
    """Return the value without surrounding spaces, or the default if it is empty."""
    return os.environ.get(name, "").strip() or default


def items(name: str, default: str = "") -> list[str]:
    """Return the entries of a comma-separated list."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def networks(name: str) -> list[str]:
    """Return the networks of a comma-separated list, such as 10.1.0.0/16."""
    valid = []
    for item in items(name):
        try:
            valid.append(str(ip_network(item)))
        except ValueError as error:
            problems.append(
                (name, f"{name} contains the invalid network {item!r} ({error}). Write it like 10.1.0.0/16.")
            )
    return valid


def flag(name: str, *, default: bool) -> bool:
    """Return a boolean."""
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    value = text(name).lower()
    if value and value not in known:
        problems.append((name, f"{name} is {value!r}, which is not a boolean. Set it to 1 or 0."))
    return known.get(value, default)


def number(name: str, default: int, *, minimum: int = 0) -> int:
    """Return a whole number that is at least the minimum."""
    return parse(name, str(default), lambda value: _whole_number(value, minimum), fallback=default)


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return one of the allowed values."""
    value = text(name, default)
    if value not in allowed:
        problems.append((name, f"{name} is {value!r}, which is not supported. Set it to one of: {', '.join(allowed)}."))
        return default
    return value


def parse(name: str, default: str, parser: Callable[[str], T], *, fallback: T) -> T:
    """Return the result of the parser for the value. If it raises ValueError, record a problem and use the fallback."""
    try:
        return parser(text(name, default))
    except ValueError as error:
        problems.append((name, f"{name} is invalid: {error}."))
        return fallback


def secret_key(data_dir: Path) -> str:
    """Return SECRET_KEY or, if it is not set, a key that is stored in the data directory.

    That key is generated on the first start. Only the owner of the file can read it.
    """
    if value := text("SECRET_KEY"):
        if len(value) < 32:
            problems.append(("SECRET_KEY", "SECRET_KEY is shorter than 32 characters. Set it to a long random value."))
        return value
    path = data_dir / "secret_key"
    try:
        return path.read_text().strip() if path.exists() else _new_secret(path)
    except OSError as error:
        problems.append(
            (
                "RELEASEHUB_DATA_DIR",
                f"The data directory {data_dir} cannot be used: {error.strerror}. Set it to another one.",
            )
        )
        return secrets.token_urlsafe(48)


def _new_secret(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process has just created it
        return path.read_text().strip()
    value = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(value)
    return value


def _whole_number(value: str, minimum: int) -> int:
    result = int(value)
    if result < minimum:
        raise ValueError(f"{result} is less than the minimum {minimum}")
    return result
