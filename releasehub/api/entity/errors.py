"""The error format of the entity dialect: `{"error", "message"}`, a code for programs and a sentence for people."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from releasehub.api.common.envelope import PLAIN_CODES, Envelope, EnvelopeMixin
from releasehub.api.common.problem_kinds import ProblemKind
from releasehub.api.common.problems import Problem

CODES = {**PLAIN_CODES, ProblemKind.INACTIVE_KEY: "inactive_token"}


class EntityErrorSerializer(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="A stable code for programs")
    message = serializers.CharField(help_text="A sentence for people; it may change")


class EntityEnvelope(Envelope):
    def body(self, problems: Sequence[Problem]) -> Any:
        first = problems[0]
        code = CODES.get(first.kind) or first.code.replace(".", "_") or first.kind.value
        return {"error": code, "message": first.sentence}


entity_envelope = EntityEnvelope()


class EntityEnvelopeMixin(EnvelopeMixin):
    envelope = entity_envelope
    error_serializer = EntityErrorSerializer
