"""What can go wrong, each with the exit code a pipeline can act on."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_ALLOWED = 3
    DIGEST = 4
    NETWORK = 5
    NOT_FOUND = 6
    CONFLICT = 7
    INTERRUPTED = 130


EXIT_CODES_HELP = """\b
Exit codes:
  0    done
  1    failed: the hub refused it, or the file cannot be read
  2    the command line makes no sense
  3    not allowed, or no key
  4    a digest differs
  5    network: the hub or its storage did not answer, after retries
  6    not found
  7    conflict, such as a version that is published already
  130  interrupted
"""


class CliError(Exception):
    """`message` says what happened, `hint` what to do next; `request_id` is the hub's, for its operator."""

    def __init__(
        self, message: str, *, code: str = "failed", exit_code: Exit = Exit.FAILED, hint: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.exit_code = message, code, exit_code
        self.hint, self.request_id = hint, request_id

    def as_json(self) -> dict[str, Any]:
        """`{"error": {code, message, exit_code, hint?, request_id?}}`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "exit_code": int(self.exit_code)}
        if self.hint:
            error["hint"] = self.hint
        if self.request_id:
            error["request_id"] = self.request_id
        return {"error": error}


class HubError(CliError):
    """An answer of the hub that is no success; `status` is its HTTP status."""

    def __init__(self, status: int, message: str, **details: Any) -> None:
        super().__init__(message, **details)
        self.status = status


def usage(message: str, hint: str = "") -> CliError:
    return CliError(message, code="usage", exit_code=Exit.USAGE, hint=hint)


def not_found(message: str, hint: str = "") -> CliError:
    return CliError(message, code="not_found", exit_code=Exit.NOT_FOUND, hint=hint)


def conflict(message: str, hint: str = "") -> CliError:
    return CliError(message, code="conflict", exit_code=Exit.CONFLICT, hint=hint)


def network(message: str, hint: str = "") -> CliError:
    return CliError(message, code="network", exit_code=Exit.NETWORK, hint=hint)


def digest_differs(message: str, hint: str = "") -> CliError:
    return CliError(message, code="digest_differs", exit_code=Exit.DIGEST, hint=hint)
