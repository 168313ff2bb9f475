from django.urls import path
from rest_framework.routers import SimpleRouter

from releasehub.api.native.access_key_viewsets import AccessKeyViewSet
from releasehub.api.native.content_views import receive_part, send_file
from releasehub.api.native.event_viewsets import EventViewSet
from releasehub.api.native.file_viewsets import FileViewSet
from releasehub.api.native.people_viewsets import InvitationViewSet
from releasehub.api.native.picture_viewsets import DownloadPictureViewSet, PictureViewSet
from releasehub.api.native.statistics_viewsets import StatisticsViewSet
from releasehub.api.native.transfer_viewsets import TransferViewSet
from releasehub.api.native.update_viewsets import UpdateViewSet
from releasehub.api.native.upload_viewsets import UploadViewSet
from releasehub.api.native.version_viewsets import VersionViewSet
from releasehub.api.native.whoami_viewsets import WhoamiViewSet

router = SimpleRouter()
router.register("uploads", UploadViewSet, basename="upload")
router.register("files", FileViewSet, basename="file")
router.register("access-keys", AccessKeyViewSet, basename="access-key")
router.register("invitations", InvitationViewSet, basename="invitation")
router.register("pictures", PictureViewSet, basename="picture")
urlpatterns = [
    path("updates/<str:slug>", UpdateViewSet.as_view({"get": "retrieve"}), name="update-check"),
    path("uploads/content/<str:token>", receive_part, name="upload-content"),
    path("files/content/<str:token>", send_file, name="file-content"),
    path("downloads/<int:download_id>/transfer", TransferViewSet.as_view({"post": "create"}), name="download-transfer"),
    path(
        "downloads/<int:download_id>/pictures",
        DownloadPictureViewSet.as_view({"get": "list", "post": "create"}),
        name="download-pictures",
    ),
    path(
        "downloads/<int:download_id>/pictures/order",
        DownloadPictureViewSet.as_view({"put": "reorder"}),
        name="download-pictures-order",
    ),
    path(
        "downloads/<int:download_id>/statistics",
        StatisticsViewSet.as_view({"get": "retrieve"}),
        name="download-statistics",
    ),
    path(
        "downloads/<int:download_id>/statistics.csv",
        StatisticsViewSet.as_view({"get": "export"}),
        name="download-statistics-export",
    ),
    path(
        "versions/<slug:public_id>/security",
        VersionViewSet.as_view({"put": "mark_security"}),
        name="version-security",
    ),
    path("whoami", WhoamiViewSet.as_view({"get": "retrieve"}), name="whoami"),
    path("events", EventViewSet.as_view({"get": "stream"}), name="events"),
    *router.urls,
]
