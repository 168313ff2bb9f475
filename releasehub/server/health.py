"""Health checks: liveness of the process, and readiness of everything that it depends on."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from releasehub.core.readiness import readiness


def healthz(request: HttpRequest) -> HttpResponse:
    """Report that the process is alive.

    This checks nothing else. Otherwise a failing database would make an orchestrator restart every web process.
    """
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Report whether the hub can serve requests: 503 unless database, migrations, broker and storage are ready."""
    results = readiness()
    return JsonResponse(results, status=200 if all(results.values()) else 503)
