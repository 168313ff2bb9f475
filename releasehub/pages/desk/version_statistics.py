"""The downloads of one version over time, on the author's desk."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from files.models import File
from releasehub.core.requests import actor_of
from releasehub.distribution.statistics import Period, version_statistics
from releasehub.pages.desk.lookup import find_version
from releasehub.pages.form_pages import account_page
from releasehub.pages.statistics_views import chart_context


@account_page
def statistics(request: HttpRequest, public_id: str) -> HttpResponse:
    actor = actor_of(request)
    version = find_version(actor, public_id)
    period = Period.MONTHS if request.GET.get("period") == Period.MONTHS else Period.DAYS
    files = File.objects.filter(version=version).order_by("-download_count", "filename")
    context = {"version": version, "download": version.download, "files": files}
    found = version_statistics(actor, version, period)
    return render(request, "pages/desk/version_statistics.html", context | chart_context(found))
