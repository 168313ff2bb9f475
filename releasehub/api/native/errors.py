"""Errors of the native API outside of view sets. Their format is that of the hub, in `common.envelope`."""

from django.http import JsonResponse

from releasehub.api.common.envelope import hub_envelope
from releasehub.api.common.problem_kinds import ProblemKind
from releasehub.api.common.problems import Problem


def error_response(status: int, code: str, message: str) -> JsonResponse:
    """Return an error as the response of a plain Django view."""
    return hub_envelope.answer(Problem(ProblemKind.OTHER, message, code=code, status=status))
