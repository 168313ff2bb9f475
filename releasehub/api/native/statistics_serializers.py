"""The shapes of the downloads over time in the native API: the query and the response."""

from rest_framework import serializers

from releasehub.api.common.serializers import OutputSerializer, QuerySerializer
from releasehub.distribution.statistics import Breakdown, Period, Statistics

BREAKDOWNS = [Breakdown.VERSION.value, Breakdown.PLATFORM.value]


class StatisticsQuerySerializer(QuerySerializer):
    period = serializers.ChoiceField(
        choices=[period.value for period in Period],
        default=Period.DAYS.value,
        required=False,
        help_text="The last 30 days, or the last 12 months",
    )
    by = serializers.ChoiceField(choices=BREAKDOWNS, default=Breakdown.VERSION.value, required=False)


class SeriesSerializer(OutputSerializer):
    name = serializers.CharField(
        allow_null=True,
        help_text="A version number or a platform; empty: files for every system; null: all others",
    )
    total = serializers.IntegerField()
    counts = serializers.ListField(child=serializers.IntegerField(), help_text="One number for each of `starts`")


class StatisticsSerializer(OutputSerializer):
    period = serializers.ChoiceField(choices=[period.value for period in Period])
    by = serializers.ChoiceField(choices=BREAKDOWNS, source="breakdown")
    total = serializers.IntegerField()
    starts = serializers.ListField(
        child=serializers.DateField(), help_text="The first day of each day or month in UTC, the oldest first"
    )
    totals = serializers.ListField(child=serializers.IntegerField(), help_text="One number for each of `starts`")
    series = SeriesSerializer(many=True)

    def get_starts(self, statistics: Statistics) -> list[str]:
        return [start.isoformat() for start in statistics.starts]
