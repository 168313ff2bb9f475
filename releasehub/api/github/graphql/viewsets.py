"""`POST /api/graphql`: one query at a time, for `gh` and Renovate."""

from typing import IO, Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.errors import BodyTooLarge
from releasehub.api.common.parsers import Context, JsonParser, declared_length
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.github.terms import READ
from releasehub.api.github.viewsets import GitHubViewSet

MAX_BODY_BYTES = 64 * 1024  # a query of 8 KiB that is escaped throughout, and its variables


class QueryParser(JsonParser):
    """Refuses a large body before it is read: anonymous visitors may send queries."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Context = None) -> Any:
        if declared_length(parser_context) > MAX_BODY_BYTES:
            raise BodyTooLarge
        return super().parse(stream, media_type, parser_context)


class GitHubQuerySerializer(InputSerializer):
    query = serializers.CharField(trim_whitespace=False, help_text="One or more operations; at most 8 KiB")
    variables = serializers.DictField(default=dict)
    operationName = serializers.CharField(default="", allow_blank=True, source="operation_name")  # noqa: N815


class GitHubAnswerSerializer(serializers.Serializer[Any]):
    data = serializers.DictField(  # type: ignore[assignment]
        required=False, allow_null=True, help_text="Missing if the query was not executed"
    )
    errors = serializers.ListField(child=serializers.DictField(), required=False)  # type: ignore[assignment]


class GitHubGraphqlViewSet(GitHubViewSet):
    """The endpoint. An error of a query is a member of the answer, whose status is 200."""

    parser_classes = [QueryParser]
    required_scopes = {"run": READ}
    open_actions = frozenset({"run"})
    input_serializer_classes = {"run": GitHubQuerySerializer}

    @extend_schema(
        tags=["github"],
        operation_id="github_graphql",
        summary="Query releases with GraphQL",
        description="It only reads. The types are those that gh and Renovate ask for; introspection shows them.",
        responses={200: GitHubAnswerSerializer},
    )
    def run(self, request: Request) -> Response:
        # Loaded with the first query: graphql-core takes 5 MiB of each web process, and most hubs never get one.
        from releasehub.api.github.graphql.execution import run_query
        from releasehub.api.github.graphql.repositories import Caller

        fields = self.get_validated_data()
        caller = Caller(self.actor, self.base_url)
        return Response(run_query(caller, **fields))
