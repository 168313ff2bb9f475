"""Errors and their exit codes, on which a pipeline can act."""

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
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


EXIT_CODES_HELP = """\b
Exit codes:
  0    success
  1    failure: the hub refused the request, or a file cannot be read
  2    the command line is invalid
  3    the key is missing or lacks a permission
  4    a digest differs
  5    network failure: the hub or its storage did not respond, after all retries
  6    not found
  7    conflict, such as a version that is already published
  130  interrupted; 143 by SIGTERM, 129 by SIGHUP
"""


class CliError(Exception):
    """An error that ends the command.

    Attributes:
        message: What happened.
        hint: What the user can do next.
        request_id: The id of the request in the logs of the hub.
    """

    def __init__(
        self, message: str, *, code: str = "failed", exit_code: Exit = Exit.FAILED, hint: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.exit_code = message, code, exit_code
        self.hint, self.request_id = hint, request_id

    def as_json(self) -> dict[str, Any]:
        """Return `{"error": {code, message, exit_code, hint?, request_id?}}`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, "exit_code": int(self.exit_code)}
        if self.hint:
            error["hint"] = self.hint
        if self.request_id:
            error["request_id"] = self.request_id
        return {"error": error}


class HubError(CliError):
    """An error response of the hub. `status` is its HTTP status code."""

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
