from django.urls import include, path, re_path

from releasehub.api.common.envelope import hub_envelope
from releasehub.api.reference import views as reference
from releasehub.api.schema_view import CachedSchemaView

urlpatterns = [
    path("", include("releasehub.api.mc_dm.urls")),  # first, because Django tries the routes in this order
    path("", include("releasehub.api.github.urls")),  # before the uploads of the native API
    path("", include("releasehub.api.native.urls")),
    path("", include("releasehub.api.entity.urls")),
    path("schema/", CachedSchemaView.as_view(authentication_classes=[], permission_classes=[]), name="api-schema"),
    path("docs/", reference.index, name="api-docs"),
    path("docs/<slug:slug>/", reference.group, name="api-reference"),
    re_path(r"^.*$", hub_envelope.no_route),
]
