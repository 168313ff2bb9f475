"""Signing in, and the status of the hub."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.accounts.models import Membership
from releasehub.accounts.signing_in import (
    AddressUnconfirmed,
    SecondFactorNeeded,
    SignInFailed,
    TooManyAttempts,
    sign_in,
)
from releasehub.api.common.caching import confidential
from releasehub.api.v3.session_serializers import (
    V3AccessTokenSerializer,
    V3LoginSerializer,
    V3MeSerializer,
    V3StatusSerializer,
)
from releasehub.api.v3.viewsets import V3ViewSet
from releasehub.apikeys.tokens import issue_token
from releasehub.core.errors import NotFound
from releasehub.core.readiness import readiness


class V3AccountViewSet(V3ViewSet):
    serializer_class = V3AccessTokenSerializer
    open_actions = frozenset({"login"})
    input_serializer_classes = {"login": V3LoginSerializer}
    required_scopes = {"login": (), "me": ()}

    @extend_schema(
        operation_id="v3_me",
        summary="Get the user of the token",
        responses={200: V3MeSerializer},
    )
    def me(self, request: Request) -> Response:
        if self.actor.user is None:
            raise NotFound("This token belongs to no user. Use the token of a user.")
        rows = Membership.objects.filter(user=self.actor.user).select_related("organization").order_by("pk")
        # A key that is bound to downloads learns nothing about organizations.
        membership = rows.first() if self.actor.bound_download_ids is None else None
        context = self.get_serializer_context() | {"membership": membership}
        return confidential(Response(V3MeSerializer(self.actor.user, context=context).data))

    @extend_schema(operation_id="v3_login", summary="Sign in")
    def login(self, request: Request) -> Response:
        credentials = self.get_validated_data()
        try:
            user = sign_in(request._request, name=credentials["email"], password=credentials["password"])
        except TooManyAttempts as refusal:
            raise Throttled(refusal.wait_seconds, "Too many failed attempts. Try again later.") from None
        except SecondFactorNeeded:
            message = "This account has a second factor. Create an API key on its account page and use that instead."
            raise AuthenticationFailed(message) from None
        except AddressUnconfirmed:
            raise AuthenticationFailed("Confirm your e-mail address first: open the link that you received.") from None
        except SignInFailed:
            raise AuthenticationFailed("The e-mail address or the password is wrong.") from None
        return confidential(Response({"accessToken": issue_token(user)}))


class V3StatusViewSet(V3ViewSet):
    serializer_class = V3StatusSerializer
    open_actions = frozenset({"status"})
    required_scopes = {"status": ()}

    @extend_schema(
        operation_id="v3_status",
        summary="Get the status of the hub",
        responses={
            200: V3StatusSerializer,
            503: OpenApiResponse(V3StatusSerializer, description="One of the checks failed."),
        },
    )
    def status(self, request: Request) -> Response:
        checks = readiness()
        is_up = all(checks.values())
        return Response({"status": "up" if is_up else "down", "checks": checks}, status=200 if is_up else 503)
