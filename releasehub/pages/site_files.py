"""Files that browsers and search engines expect at the root of a site."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.pages.contexts import base_url


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Allow search engines to index the pages, but not files, search results and account pages."""
    closed = ("/d/", "/share/", "/preview/", "/search/", "/report/", "/account/", "/admin/", "/api/")
    sitemap = request.build_absolute_uri(reverse("pages:sitemaps"))
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"Sitemap: {sitemap}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


@require_safe
def favicon(request: HttpRequest) -> HttpResponseBase:
    """Serve the default icon for pages that do not declare one, such as those of the admin."""
    return redirect(static("releasehub/icon.svg"))


@require_safe
@cache_for_anonymous()
def llms(request: HttpRequest) -> HttpResponse:
    """Tell language models what the hub is and how to use it, in the format of https://llmstxt.org/."""
    context = {"base_url": base_url(request)}
    return render(request, "pages/llms.txt", context, content_type="text/plain; charset=utf-8")
