"""The reader of environment variables: `environs`, with the types and the messages of this project.

The settings read their variables through `env`. An invalid value raises no error at once: `environs` records it, the
default takes its place, and `stop_if_invalid` reports all invalid values together after the last variable was read.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from environs import Env, EnvValidationError, ValidationError, validate

from releasehub.settings import parsers
from releasehub.settings.declarations import Declaration, shown_default, without_credentials

MIN_SECRET_KEY_CHARACTERS = 32
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
# Old names that still work, with their new names. `releasehub.server.checks` warns about them.
RENAMED_VARIABLES = {"RELEASEHUB_GUEST_CACHE_SECONDS": "RELEASEHUB_ANONYMOUS_CACHE_SECONDS"}
# The forms of the values that `releasehub.settings.parsers` reads.
KINDS = {
    "database": "URL",
    "folder": "text",
    "replica": "URL",
    "font": "path",
    "issuer": "URL",
    "link": "path or URL",
    "public_url": "URL",
    "bucket": "text",
}


class Environment(Env):
    """Typed access to the variables, which declares each one it reads.

    Every method takes the name of a variable, its default and `help`, which is its meaning in Markdown. More keywords:

    - `unset` describes a default that depends on something else.
    - `secret` hides the value in every output.
    - `file` names the file in the data directory that holds the value if the variable is not set.
    """

    def __init__(self, *, eager: bool) -> None:
        super().__init__(eager=eager)
        self.declared: dict[str, Declaration] = {}
        self.section = ""

    def text(
        self, name: str, default: str = "", *, help: str, check: Callable[[Any], Any] | None = None, **more: Any
    ) -> str:
        self._declare(name, "text", default, help, **more)
        return self.str(name, default, validate=check) or default

    def items(
        self, name: str, default: str = "", *, help: str, check: Callable[[Any], Any] | None = None, **more: Any
    ) -> list[str]:
        self._declare(name, "list", default, help, **more)
        return [item for item in self.list(name, default.split(","), subcast=str.strip, validate=check) or () if item]

    def flag(
        self, name: str, *, default: bool, help: str, check: Callable[[Any], Any] | None = None, **more: Any
    ) -> bool:
        self._declare(name, "0 or 1", default, help, **more)
        value = self.bool(name, default, validate=check, **_invalid("Set it to 1 or 0."))
        return default if value is None else value

    def number(
        self,
        name: str,
        default: int,
        *,
        help: str,
        minimum: int = 0,
        maximum: int | None = None,
        or_zero: bool = False,
        **more: Any,
    ) -> int:
        """Return a whole number within the bounds. `or_zero` allows 0 as well, below the minimum."""
        bounds = f"that is at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        bounds = bounds.replace("that is", "that is 0 or") if or_zero else bounds
        self._declare(name, "number" if maximum is None and not minimum else f"number {bounds}", default, help, **more)
        hint = f"Set it to a whole number {bounds}."
        limits = validate.Range(min=minimum, max=maximum, error=hint)
        value = self.int(name, default, validate=lambda it: it if or_zero and not it else limits(it), **_invalid(hint))
        return default if value is None else value

    def choice(self, name: str, default: str, allowed: Sequence[str], *, help: str, **more: Any) -> str:
        self._declare(name, f"one of {', '.join(allowed)}", default, help, **more)
        return (
            self.str(name, default, validate=validate.OneOf(allowed, error="Set it to one of: {choices}.")) or default
        )

    def __getattr__(self, name: str) -> Any:
        """Return the method for one of `releasehub.settings.parsers`."""
        return partial(self._parse, name, super().__getattr__(name))

    def _parse(self, form: str, parse: Callable[..., Any], name: str, default: Any, *, help: str, **more: Any) -> Any:
        """Return the value, or until `stop_if_invalid` that of the default if it is invalid."""
        self._declare(name, KINDS.get(form, form), default, help, **more)
        value = parse(name, default)
        if value is None:
            with suppress(ValidationError):
                value = parsers.PARSERS[form](default)
        return value

    def _declare(
        self, name: str, kind: str, default: object, help: str, *, unset: str = "", secret: bool = False, file: str = ""
    ) -> None:
        declaration = Declaration(name, self.section, kind, unset or shown_default(default), help, secret, file)
        self.declared.setdefault(name, declaration)

    def _get_value(self, env_key: str, default: Any) -> Any:
        """Treat an empty variable like a missing one. Compose passes every variable, and most of them are empty."""
        value = super()._get_value(env_key, default)
        return (value.strip() or default) if isinstance(value, str) else value


env = Environment(eager=False)
for name, parse in parsers.PARSERS.items():
    env.add_parser(name, parse)


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
    is_secret = name in env.declared and env.declared[name].is_secret  # a message ends up in logs
    return f"{name} is invalid." if is_secret else f"{name} is {without_credentials(value)!r}."


def _invalid(hint: str) -> Any:
    """Replace the library's message for a value of the wrong type with one that says what to do."""
    return {"error_messages": {"invalid": hint}}
