"""`/api/downloads/{id}/statistics`: the downloads of a product over time, also as CSV."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.native.loading import find_download
from releasehub.api.native.statistics_serializers import StatisticsQuerySerializer, StatisticsSerializer
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.csv_export import csv_response
from releasehub.distribution.statistics import Breakdown, Period, download_statistics
from releasehub.distribution.statistics_export import statistics_csv


class StatisticsViewSet(NativeViewSet):
    serializer_class = StatisticsSerializer
    open_actions = frozenset({"retrieve", "export"})
    required_scopes = {"retrieve": Scope.DOWNLOAD_READ, "export": Scope.DOWNLOAD_READ}

    @extend_schema(
        summary="Count the downloads per day or month, by version or platform",
        parameters=[StatisticsQuerySerializer],
        responses={200: StatisticsSerializer},
        tags=["statistics"],
    )
    def retrieve(self, request: Request, download_id: int) -> Response:
        query = self.get_validated_query(StatisticsQuerySerializer)
        period, breakdown = Period(query["period"]), Breakdown(query["by"])
        found = download_statistics(self.actor, find_download(self.actor, download_id), period, breakdown)
        return Response(self.get_serializer(found).data)

    @extend_schema(
        operation_id="api_downloads_statistics_export",
        summary="Export the downloads per day, version and system as CSV",
        responses={(200, "text/csv"): OpenApiTypes.STR},
        tags=["statistics"],
    )
    def export(self, request: Request, download_id: int) -> StreamingHttpResponse:
        download = find_download(self.actor, download_id)
        return csv_response(statistics_csv(self.actor, download), f"{download.slug}-statistics.csv")
