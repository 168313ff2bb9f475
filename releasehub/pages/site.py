"""The site for the templates of all pages, and the files that browsers and search engines expect at its root."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.core.site import site_name
from releasehub.pages.colors import nearest_readable, readable_on
from releasehub.pages.contexts import base_url

# The backgrounds of the style sheet on which the accent color has to be readable: page and panel.
LIGHT_BACKGROUNDS, DARK_BACKGROUNDS = ("#ffffff", "#f4f5fa"), ("#10131a", "#1d2230")
THEME_SECONDS = 86_400


def hub(request: HttpRequest) -> dict[str, dict[str, str | bool]]:
    """Return the variable `hub` of all templates. Django's sign-in view has a variable `site` of its own."""
    color = settings.ACCENT_COLOR
    return {
        "hub": {
            "name": site_name(),
            "logo_url": settings.LOGO_URL,
            "imprint_url": settings.IMPRINT_URL,
            "privacy_url": settings.PRIVACY_URL,
            "has_sign_up": settings.SIGN_UP == "open",
            "theme_url": f"{reverse('pages:theme')}?{color.removeprefix('#')}" if color else "",
        }
    }


@require_safe
def theme(request: HttpRequest) -> HttpResponse:
    """Return a style sheet with the accent color, because the content security policy allows no style in a page."""
    response = HttpResponse(theme_of(settings.ACCENT_COLOR), content_type="text/css")
    response["Cache-Control"] = f"public, max-age={THEME_SECONDS}"
    return response


def theme_of(color: str) -> str:
    """Return the style sheet for an accent color, or an empty one if the site has the default color."""
    if not color:
        return ""
    light, dark = nearest_readable(color, LIGHT_BACKGROUNDS), nearest_readable(color, DARK_BACKGROUNDS)
    rules = f":root{{--accent:{light};--on-accent:{readable_on(light)}}}"
    dark_rules = f":root{{--accent:{dark};--on-accent:{readable_on(dark)}}}"
    return f"{rules}@media screen and (prefers-color-scheme:dark){{{dark_rules}}}"


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
