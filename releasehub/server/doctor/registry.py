"""The registry of the checks that `manage.py doctor` runs.

A check returns messages of Django's check framework: `Info` for what works, `Warning` and `Error` with a hint that says
what to do. They are not registered with Django itself, because each start would then wait for other servers.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from django.core.checks import ERROR, WARNING, CheckMessage, Error

from releasehub.core.logs import redact

Check = Callable[[], Iterable[CheckMessage]]
_checks: dict[str, Check] = {}


@dataclass(frozen=True)
class Diagnosis:
    """One result of a check.

    Attributes:
        name: The name of the check.
        status: `ok`, `warning` or `error`.
        message: The finding, as a sentence.
        hint: Instructions for the operator; empty if there is nothing to do.
    """

    name: str
    status: str
    message: str
    hint: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def register(name: str) -> Callable[[Check], Check]:
    """Register the decorated function as the check with this name."""

    def add(check: Check) -> Check:
        _checks[name] = check
        return check

    return add


def names() -> list[str]:
    return list(_checks)


def diagnose(selected: Iterable[str]) -> Iterable[Diagnosis]:
    """Run the selected checks one after the other, in the order of their registration."""
    wanted = set(selected)
    for name, check in _checks.items():
        if name in wanted:
            yield from run(name, check)


def run(name: str, check: Check) -> list[Diagnosis]:
    """Return the findings of the check. A check that fails itself is an error, and the others still run."""
    try:
        messages = list(check())
    except Exception as error:  # the libraries of databases, brokers and storages have many exceptions of their own
        messages = [
            Error(
                f"The check could not be completed. Cause: {type(error).__name__}: {error}",
                hint="Correct the cause, then run the check again with --only.",
            )
        ]
    # Libraries repeat parts of a URL in their errors, and the output of the doctor goes into tickets and logs.
    return [Diagnosis(name, _status(message), redact(str(message.msg)), message.hint or "") for message in messages]


def _status(message: CheckMessage) -> str:
    if message.level >= ERROR:
        return "error"
    return "warning" if message.level >= WARNING else "ok"
