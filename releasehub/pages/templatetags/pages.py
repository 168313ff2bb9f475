"""Template filters and tags of the pages."""

from typing import Any

from django import template
from django.utils.safestring import SafeString

from downloads.models import Download
from files.models import File
from releasehub.community.models import MAX_RATING
from releasehub.distribution import links
from releasehub.pages import fetching
from releasehub.pages.markdown import render_markdown
from releasehub.pages.structured_data import software_application, to_script
from versions.models import Version
from versions.platforms import platform_name as name_of_platform

register = template.Library()


@register.filter
def markdown(text: str) -> SafeString:
    return render_markdown(text)


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    """Return `mapping[key]`, or None if there is no such key."""
    return mapping.get(key)


@register.filter
def platform_name(platform: str) -> str:
    return name_of_platform(platform)


@register.filter
def permalink(file: File) -> str:
    return links.file_path(file)


@register.filter
def page_of(version: Version) -> str:
    return links.version_path(version)


@register.filter
def checksums_of(version: Version) -> str:
    return links.checksums_path(version)


@register.filter
def stars(rating: int) -> str:
    return "★" * rating + "☆" * (MAX_RATING - rating)


@register.simple_tag(takes_context=True)
def page_link(context: dict[str, Any], number: int, parameter: str = "", anchor: str = "") -> str:
    """Return a link to another page of a list, with all other parameters as they are.

    Args:
        context: The context of the template.
        number: The number of the page.
        parameter: The parameter that selects the page of this list; `page` by default.
        anchor: The id of the list, if it is not at the top.
    """
    query = context["request"].GET.copy()
    query[parameter or "page"] = str(number)
    return f"?{query.urlencode()}{f'#{anchor}' if anchor else ''}"


@register.simple_tag
def structured_data(download: Download, version: Version | None, base_url: str) -> SafeString:
    return to_script(software_application(download, version, base_url))


@register.simple_tag
def fetch_commands(base_url: str, file: File, key: str = "") -> str:
    return fetching.fetch_commands(base_url, file, key)
