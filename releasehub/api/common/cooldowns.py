"""The parameters of a cooldown, which every dialect reads from the query string under the same names."""

from typing import Any

from rest_framework import serializers

from releasehub.api.common.fields import FlagField
from releasehub.api.common.serializers import QuerySerializer
from releasehub.core.errors import Invalid
from versions.cooldown import Cooldown


class CooldownQuerySerializer(QuerySerializer):
    """A query with `min_age` and `security`. The validated data have the `cooldown`, or None without one."""

    min_age = serializers.CharField(
        max_length=20,
        required=False,
        default="",
        allow_blank=True,
        help_text="Only versions that have been public for this long: 90m, 48h, 7d or 2w",
    )
    security = FlagField(
        required=False, default=True, help_text="Whether security releases are offered before they have the `min_age`"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        try:
            cooldown = Cooldown.parse(attrs["min_age"], exempts_security=attrs["security"])
        except Invalid as error:
            raise serializers.ValidationError({"min_age": [error.message]}) from error
        return attrs | {"cooldown": cooldown}
