"""The shapes of deliveries, their attempts and replays."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from releasehub.api.common.serializers import InputSerializer, ReadOnlySerializer
from releasehub.api.mc_dm.fields import EpochField, OptionalIdField, epoch, read_moment
from releasehub.api.mc_dm.webhook_terms import BODIES, FORMATS, from_format
from releasehub.webhooks.models import Attempt, Delivery


class McDmAttemptSerializer(ReadOnlySerializer):
    number = serializers.IntegerField()
    result = serializers.ChoiceField(choices=Attempt.Result.choices)
    started_date = EpochField(source="started_at", help_text="Unix seconds")
    duration_ms = serializers.IntegerField()
    status_code = OptionalIdField(help_text="0: the receiver did not respond")
    error = serializers.CharField()
    request_headers = serializers.DictField(child=serializers.CharField())
    response = serializers.CharField(help_text="The first 4 KiB of the response body")
    next_attempt_date = EpochField(source="next_attempt_at", help_text="Unix seconds; 0: none")


class McDmDeliverySerializer(ReadOnlySerializer):
    """A delivery with its attempts. `context["bodies"]` maps the id of a delivery to its request body."""

    delivery_id = serializers.CharField(source="webhook_id", help_text="The header `webhook-id`")
    event = serializers.CharField(
        source="event.type", help_text="The hub's own name of the event, such as `version.published`"
    )
    content_id = serializers.IntegerField(source="event.object_id", help_text="The id of the download, version or file")
    format = serializers.ChoiceField(choices=FORMATS)
    content_type = serializers.ChoiceField(choices=BODIES)
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    attempt_count = serializers.IntegerField()
    created_date = EpochField(source="created_at", help_text="Unix seconds")
    finished_date = EpochField(source="finished_at", help_text="Unix seconds; 0: not finished")
    next_attempt_date = EpochField(help_text="Unix seconds; 0: no further attempt")
    request_body = serializers.CharField(allow_null=True, help_text="null before the first attempt")
    attempts = McDmAttemptSerializer(many=True)

    def get_content_type(self, delivery: Delivery) -> str:
        return from_format(delivery.format)[1]

    def get_format(self, delivery: Delivery) -> str:
        return from_format(delivery.format)[0]

    def get_next_attempt_date(self, delivery: Delivery) -> int:
        return epoch(delivery.next_attempt_at) if delivery.state == Delivery.State.PENDING else 0

    def get_request_body(self, delivery: Delivery) -> str | None:
        return self.context["bodies"].get(delivery.pk)


class McDmReplaySerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    count = serializers.IntegerField(help_text="The number of deliveries")


@extend_schema_field(OpenApiTypes.DATETIME)
class McDmMomentField(serializers.CharField):
    def to_internal_value(self, data: Any) -> Any:
        try:
            return read_moment(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None


class McDmRangeSerializer(InputSerializer):
    since = McDmMomentField(help_text="ISO 8601, or Unix seconds")
    until = McDmMomentField(help_text="ISO 8601, or Unix seconds; exclusive")
