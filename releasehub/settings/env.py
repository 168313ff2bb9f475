"""Reads settings from the environment; what is wrong is kept for the system checks instead of raised half way."""

import os
import secrets
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

problems: list[tuple[str, str]] = []


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def items(name: str, default: str = "") -> list[str]:
    """A comma-separated list, without empty entries."""
    return [item.strip() for item in text(name, default).split(",") if item.strip()]


def networks(name: str) -> list[str]:
    """A comma-separated list of networks such as 10.1.0.0/16."""
    found = []
    for item in items(name):
        try:
            found.append(str(ip_network(item)))
        except ValueError as error:
            problems.append((name, f"{name} has no network in {item!r}: {error}."))
    return found


def flag(name: str, *, default: bool) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    value = text(name).lower()
    if value and value not in known:
        problems.append((name, f"{name}={value!r} is neither yes nor no: set it to 1 or 0."))
    return known.get(value, default)


def number(name: str, default: int, *, least: int = 0) -> int:
    return parsed(name, str(default), lambda value: _whole(value, least), fallback=default)


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in allowed:
        problems.append((name, f"{name}={value!r} is not known: set it to one of {', '.join(allowed)}."))
        return default
    return value


def parsed(name: str, default: str, read: Callable[[str], T], *, fallback: T) -> T:
    """`read` applied to the value; a ValueError becomes a system check that names the variable."""
    try:
        return read(text(name, default))
    except ValueError as error:
        problems.append((name, f"{name} cannot be read: {error}."))
        return fallback


def secret_key(data_dir: Path) -> str:
    """SECRET_KEY, else one made on first use and kept in the data directory, readable by its owner only."""
    if value := text("SECRET_KEY"):
        if len(value) < 32:
            problems.append(("SECRET_KEY", "SECRET_KEY is shorter than 32 characters: set a long random value."))
        return value
    path = data_dir / "secret_key"
    try:
        return path.read_text().strip() if path.exists() else _new_secret(path)
    except OSError as error:
        problems.append(
            (
                "RELEASEHUB_DATA_DIR",
                f"The data directory {data_dir} cannot be used ({error.strerror}): set another one.",
            )
        )
        return secrets.token_urlsafe(48)


def _new_secret(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return path.read_text().strip()
    value = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(value)
    return value


def _whole(value: str, least: int) -> int:
    result = int(value)
    if result < least:
        raise ValueError(f"{result} is less than {least}")
    return result
