"""Middleware for health checks and for the paths of the APIs."""

from django.http import HttpRequest, HttpResponseBase

from releasehub.api.dialects import canonical_path, forum_url
from releasehub.core.middleware import Middleware
from releasehub.server.health import healthz, readyz


class HealthMiddleware(Middleware):
    """Respond to health checks before the host check, the redirect to HTTPS or the session can interfere.

    An orchestrator uses the IP address of a container as the host, which is not in ALLOWED_HOSTS.
    """

    views = {"/healthz": healthz, "/readyz": readyz}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.views.get(request.path_info, self.get_response)(request)


class ApiPathMiddleware(Middleware):
    """Give the routes of the APIs the one form of each path that they know, whichever form a client sends."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if forum := forum_url(request.path_info, request.META.get("QUERY_STRING", "")):
            request.path_info, request.META["QUERY_STRING"] = forum
        path = canonical_path(request.path_info)
        if path != request.META["PATH_INFO"]:
            request.path_info = request.META["PATH_INFO"] = path
            request.path = f"{request.META.get('SCRIPT_NAME', '').rstrip('/')}{path}"
        return self.get_response(request)
