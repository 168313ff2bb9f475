from django.contrib import admin
from django.urls import include, path

from releasehub.metrics import metrics

urlpatterns = [
    path("metrics", metrics),
    path("api/", include("releasehub.api.urls")),
    path("v3/", include("releasehub.api.v3.urls")),
    path("", include("releasehub.api.engine.urls")),
    path("admin/", admin.site.urls),
    path("", include("releasehub.pages.urls")),
]

handler400 = "releasehub.handlers.bad_request"
handler403 = "releasehub.handlers.forbidden"
handler404 = "releasehub.handlers.not_found"
handler500 = "releasehub.handlers.server_error"
