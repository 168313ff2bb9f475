from csp.decorators import csp_update
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularSwaggerSplitView

from releasehub.api.common.envelope import hub_envelope
from releasehub.api.schema_view import CachedSchemaView

docs = csp_update({"style-src": ["'unsafe-inline'"]})(  # the viewer sets styles on its elements
    SpectacularSwaggerSplitView.as_view(url_name="api-schema", authentication_classes=[], permission_classes=[])
)

urlpatterns = [
    path("", include("releasehub.api.mc_dm.urls")),
    path("", include("releasehub.api.native.urls")),
    path("", include("releasehub.api.entity.urls")),
    path("schema/", CachedSchemaView.as_view(authentication_classes=[], permission_classes=[]), name="api-schema"),
    path("docs/", docs, name="api-docs"),
    re_path(r"^.*$", hub_envelope.no_route),
]
