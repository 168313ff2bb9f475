from django.urls import include, path
from rest_framework.routers import DynamicRoute, Route, SimpleRouter

from releasehub.api.mc_dm.category_viewsets import McDmCategoryViewSet
from releasehub.api.mc_dm.comment_viewsets import McDmCommentViewSet
from releasehub.api.mc_dm.download_viewsets import McDmDownloadViewSet
from releasehub.api.mc_dm.file_viewsets import McDmFileViewSet
from releasehub.api.mc_dm.version_viewsets import McDmVersionViewSet
from releasehub.api.mc_dm.webhook_viewsets import McDmWebhookViewSet


class McDmRouter(SimpleRouter):
    """The verbs of the dialect: no PATCH."""

    routes = [
        Route(
            url=r"^{prefix}/$", mapping={"get": "list", "post": "create"}, name="{basename}-list", detail=False,
            initkwargs={"suffix": "List"},
        ),
        Route(
            url=r"^{prefix}/{lookup}/$", mapping={"get": "retrieve", "put": "update", "delete": "destroy"},
            name="{basename}-detail", detail=True, initkwargs={"suffix": "Instance"},
        ),
        DynamicRoute(
            url=r"^{prefix}/{lookup}/{url_path}/$", name="{basename}-{url_name}", detail=True, initkwargs={},
        ),
    ]  # fmt: skip


router = McDmRouter()
router.register("categories", McDmCategoryViewSet, basename="mc-dm-category")
router.register("downloads", McDmDownloadViewSet, basename="mc-dm-download")
router.register("versions", McDmVersionViewSet, basename="mc-dm-version")
router.register("files", McDmFileViewSet, basename="mc-dm-file")
router.register("comments", McDmCommentViewSet, basename="mc-dm-comment")
router.register("webhooks", McDmWebhookViewSet, basename="mc-dm-webhook")
urlpatterns = [path("mc-dm-", include(router.urls))]
