"""Middleware of the read-only mode."""

from django.http import HttpRequest, HttpResponseBase

from releasehub.api.dialects import only_reads
from releasehub.core.middleware import Middleware
from releasehub.core.read_only import is_read_only
from releasehub.server.error_handlers import read_only

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class ReadOnlyMiddleware(Middleware):
    """Refuse every request that may change something, in the error format of its dialect, while data is moved."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in SAFE_METHODS and not only_reads(request.path_info) and is_read_only():
            return read_only(request)
        return self.get_response(request)
