from django.urls import path, re_path

from releasehub.api.engine.file_viewsets import EngineFileViewSet
from releasehub.api.engine.version_viewsets import EngineVersionViewSet
from releasehub.api.engine.viewsets import EngineNoRouteViewSet

versions = EngineVersionViewSet.as_view
urlpatterns = [
    path("version", versions({"get": "list", "post": "create"}), name="engine-list"),
    path("version/latest", versions({"get": "latest"}), name="engine-latest"),
    path(
        "version/<str:id>",
        versions({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="engine-detail",
    ),
    path("version/<str:id>/file", versions({"post": "add_files"}), name="engine-add-files"),
    path("versions", versions({"get": "many"}), name="engine-many"),
    path(
        "version_file/<str:hash>",
        EngineFileViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="engine-file",
    ),
    path("version_file/<str:hash>/update", EngineFileViewSet.as_view({"post": "newest"}), name="engine-file-update"),
    path("version_files", EngineFileViewSet.as_view({"get": "owners", "post": "many"}), name="engine-files"),
    re_path(r"^(versions?|version_files?)(/.*)?$", EngineNoRouteViewSet.as_view({"get": "no_route"})),
]
