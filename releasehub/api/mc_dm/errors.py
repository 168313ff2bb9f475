"""Errors that only the mc-dm dialect raises, and the statuses in which it differs from the hub's own error format."""

from rest_framework import exceptions

from releasehub.api.common.envelope import ERROR_ANSWERS, PHRASE, HubEnvelope, HubEnvelopeMixin
from releasehub.api.common.problem_kinds import ProblemKind


class McDmEnvelope(HubEnvelope):
    statuses = {**HubEnvelope.statuses, ProblemKind.NO_KEY: 400, ProblemKind.INACTIVE_KEY: 403}


mc_dm_envelope = McDmEnvelope()


class McDmEnvelopeMixin(HubEnvelopeMixin):
    envelope = mc_dm_envelope
    error_answers = ERROR_ANSWERS | {
        "400": "A parameter is missing or invalid, or the request needs a key and has none.",
        "401": "The key is unknown.",
        "403": "The key lacks a scope, its user lacks a permission, or the key was revoked or has expired.",
    }


class ParentFilterRequired(exceptions.APIException):
    """A list was requested across all parents, which only super-user keys may do."""

    status_code = 400
    default_code = PHRASE + "parent_filter_required"

    def __init__(self, parameter: str) -> None:
        super().__init__(f"The parameter {parameter} is required for this key.")
        self.params = {"field": parameter}
