from django.contrib import admin
from django.urls import include, path

from releasehub.server.metrics import metrics

urlpatterns = [
    path("metrics", metrics),
    path("api/", include("releasehub.api.urls")),
    path("v3/", include("releasehub.api.v3.urls")),
    path("", include("releasehub.api.engine.urls")),
    path("admin/", admin.site.urls),
    path("", include("releasehub.pages.urls")),
    path("account/", include("releasehub.pages.allauth_urls")),
    path("", include("releasehub.pages.web_address_urls")),
]

handler400 = "releasehub.server.error_handlers.bad_request"
handler403 = "releasehub.server.error_handlers.forbidden"
handler404 = "releasehub.server.error_handlers.not_found"
handler500 = "releasehub.server.error_handlers.server_error"
