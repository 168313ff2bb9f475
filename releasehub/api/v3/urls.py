from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from releasehub.api.v3.content_viewsets import V3ContentViewSet
from releasehub.api.v3.delivery_viewsets import V3WebhookEventLogViewSet
from releasehub.api.v3.errors import v3_envelope
from releasehub.api.v3.label_viewsets import V3ReleaseChannelViewSet, V3ReleasePlatformViewSet
from releasehub.api.v3.product_viewsets import V3ProductViewSet
from releasehub.api.v3.release_file_viewsets import V3ReleaseFileViewSet
from releasehub.api.v3.release_viewsets import V3MyReleaseViewSet, V3ReleaseViewSet
from releasehub.api.v3.session_viewsets import V3AccountViewSet, V3StatusViewSet
from releasehub.api.v3.token_viewsets import V3PersonalAccessTokenViewSet
from releasehub.api.v3.update_viewsets import V3UpdateViewSet
from releasehub.api.v3.webhook_viewsets import V3WebhookViewSet

router = SimpleRouter(trailing_slash=False)
router.register("releases", V3ReleaseViewSet, basename="v3-release")
router.register("release-files", V3ReleaseFileViewSet, basename="v3-release-file")
router.register("release-channels", V3ReleaseChannelViewSet, basename="v3-release-channel")
router.register("release-platforms", V3ReleasePlatformViewSet, basename="v3-release-platform")
router.register("products", V3ProductViewSet, basename="v3-product")
router.register("personal-access-tokens", V3PersonalAccessTokenViewSet, basename="v3-personal-access-token")
router.register("webhooks", V3WebhookViewSet, basename="v3-webhook")
router.register("webhook-event-logs", V3WebhookEventLogViewSet, basename="v3-webhook-event-log")

RELEASE = r"(?P<release_id>[a-z0-9]{24})/(?P<filename>[^/]+)"
unnamed_content = V3ContentViewSet.as_view({"put": "upload_unnamed"})
content = V3ContentViewSet.as_view({"get": "download", "put": "upload"})
owned_content = V3ContentViewSet.as_view({"get": "download_of_account"})

urlpatterns = [
    path("releases/update", V3UpdateViewSet.as_view({"get": "update"}), name="v3-update"),
    path("releases/latest", V3UpdateViewSet.as_view({"get": "latest"}), name="v3-latest"),
    *router.urls,
    path("me", V3AccountViewSet.as_view({"get": "me"}), name="v3-me"),
    path("me/releases", V3MyReleaseViewSet.as_view({"get": "list"}), name="v3-my-release-list"),
    path("accounts/login", V3AccountViewSet.as_view({"post": "login"}), name="v3-login"),
    path("status", V3StatusViewSet.as_view({"get": "status"}), name="v3-status"),
    re_path(r"^(?P<release_id>[a-z0-9]{24})$", unnamed_content, name="v3-unnamed-content"),
    re_path(rf"^{RELEASE}$", content, name="v3-content"),
    re_path(rf"^(?P<account_id>[a-z0-9]{{24}})/{RELEASE}$", owned_content, name="v3-account-content"),
    re_path(r"^.*$", v3_envelope.no_route),
]
