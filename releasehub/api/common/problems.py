"""Problems with requests, independent of any dialect; each dialect writes them in its own error format."""

import dataclasses
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions

from releasehub.api.common.problem_kinds import DOMAIN_KINDS, MESSAGES, ProblemKind
from releasehub.core import errors
from releasehub.core.database_errors import domain_error_of, is_outage
from releasehub.core.errors import DomainError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Problem:
    """A problem with a request.

    Attributes:
        code: The code of the domain or of the framework.
        field: The invalid input, by its name in the domain.
        status: The HTTP status, if it does not follow from the kind.
    """

    kind: ProblemKind
    message: str
    code: str = ""
    field: str = ""
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    status: int = 0

    @property
    def sentence(self) -> str:
        """The message, with the name of the field if the message does not mention it."""
        is_named = not self.field or self.field in self.message
        return self.message if is_named else f"{self.field}: {self.message}"


def problem(kind: ProblemKind, **params: Any) -> Problem:
    """Return a problem with the usual message of its kind."""
    return Problem(kind, MESSAGES[kind], params=params)


def problems_of(error: Exception) -> list[Problem]:
    """Return the problems that an exception stands for; an unexpected one is logged, and described without details."""
    if isinstance(error, exceptions.ValidationError):
        return list(_invalid(error.detail))
    return [_single(error)]


def _single(error: Exception) -> Problem:
    if domain_error := domain_error_of(error):
        return _domain(domain_error)
    if isinstance(error, exceptions.MethodNotAllowed):
        return problem(ProblemKind.NO_VERB)
    if isinstance(error, exceptions.NotAuthenticated):
        return problem(ProblemKind.NO_KEY)
    if isinstance(error, exceptions.ParseError):
        return Problem(ProblemKind.UNREADABLE, str(error.detail))
    if isinstance(error, exceptions.UnsupportedMediaType):
        return problem(ProblemKind.UNSUPPORTED_MEDIA)
    if isinstance(error, exceptions.APIException):
        params = getattr(error, "params", {})
        return Problem(
            ProblemKind.OTHER, str(error.detail), code=str(error.default_code), params=params, status=error.status_code
        )
    return _foreign(error)


def _foreign(error: Exception) -> Problem:
    """Return the problem of an exception of Django, or of an unexpected one."""
    if isinstance(error, Http404):
        return _domain(errors.NotFound())
    if isinstance(error, PermissionDenied):
        return _domain(errors.Denied())
    if isinstance(error, RequestDataTooBig):
        return problem(ProblemKind.TOO_LARGE)
    if isinstance(error, UnreadablePostError):
        return problem(ProblemKind.TOO_SLOW)
    if isinstance(error, SuspiciousOperation):
        return problem(ProblemKind.UNREADABLE)
    if is_outage(error):
        log.error("The database failed.", exc_info=error)
        return problem(ProblemKind.DATABASE_UNAVAILABLE)
    log.error("An API request failed unexpectedly.", exc_info=error)
    return problem(ProblemKind.UNEXPECTED)


def _domain(error: DomainError) -> Problem:
    kind = next(DOMAIN_KINDS[base] for base in type(error).__mro__ if base in DOMAIN_KINDS)
    status = 429 if isinstance(error, errors.TooMany) else 0
    return Problem(kind, error.message, code=error.code.value, field=error.field, params=error.params, status=status)


def _invalid(detail: Any, field: str = "") -> Iterator[Problem]:
    """Yield a problem for each message of a serializer, with the path to the field."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            key = str(name) if name != "non_field_errors" else ""
            yield from _invalid(inner, f"{field}.{key}".strip("."))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _invalid(inner, field)
    elif detail.code == "required":
        yield Problem(ProblemKind.MISSING, f"{field} is required.", field=field)
    else:
        yield Problem(ProblemKind.INVALID, str(detail), field=field)
