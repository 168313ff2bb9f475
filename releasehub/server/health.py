"""Is the process up, and is everything it needs within reach?"""

from django.http import HttpRequest, HttpResponse, JsonResponse

from releasehub.core.readiness import readiness


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is asked, so that a broken database does not restart every web process."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """503 until database, migrations, broker and storage are as they should be."""
    results = readiness()
    return JsonResponse(results, status=200 if all(results.values()) else 503)
