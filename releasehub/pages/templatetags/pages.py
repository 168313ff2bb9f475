"""Template filters and tags of the pages."""

from functools import lru_cache
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from downloads.models import Download
from files.models import File
from releasehub.community.models import MAX_RATING
from releasehub.core.domain_messages import translated
from releasehub.distribution import links
from releasehub.markdown.rendering import render_markdown
from releasehub.pages import paths
from releasehub.pages.fetching import fetch_commands
from releasehub.pages.structured_data import software_application, to_script
from versions.models import Version
from versions.platforms import fold_platform, platform_name

register = template.Library()
PLATFORM_ICONS = {
    "windows": "windows",
    "linux": "linux",
    "macos": "macos",
    "android": "phone",
    "ios": "phone",
    "web": "web",
}
KIND_ICONS = {"package": "package", "signature": "signature"}
AVATAR_HUES = 6  # as many as the style sheet has


@register.simple_tag
@lru_cache(maxsize=200)  # a page has 13 icons, and the URL of the file never changes while the hub runs
def icon(name: str) -> SafeString:
    """Return an icon of `icons.svg`. It is hidden from screen readers, so a text has to say the same."""
    source = static("releasehub/icons.svg")
    return format_html(
        '<svg class="icon" width="20" height="20" aria-hidden="true"><use href="{}#{}"></use></svg>', source, name
    )


@register.simple_tag
def avatar(title: str, seed: int) -> SafeString:
    """Return a square with the initials of a title, in a hue that stays the same for the same seed."""
    initials = [next(filter(str.isalnum, word), "") for word in title.split()]
    text = "".join(filter(None, initials))[:2].upper() or "?"
    return format_html('<span class="avatar hue-{}" aria-hidden="true">{}</span>', seed % AVATAR_HUES, text)


@register.filter
def system_icon(file: File) -> str:
    """Return the icon of the system that a file is for, or that of its kind."""
    if file.platform and file.kind == File.FileKind.PACKAGE:
        return PLATFORM_ICONS.get(fold_platform(file.platform), "system")
    return KIND_ICONS.get(file.kind, "file")


@register.filter
def system_of_file(file: File) -> str:
    """Return the label of a file, or else its platform and architecture; empty if it has neither."""
    if file.display_label or not file.platform:
        return file.display_label
    return f"{platform_name(file.platform)} {file.architecture}".strip()


@register.filter
def times_fetched(count: int) -> SafeString:
    """Return how often a download was fetched, in words for screen readers. A list of cards has many of them."""
    text = ngettext(
        '%(shown)s<span class="hidden"> time fetched</span>',
        '%(shown)s<span class="hidden"> times fetched</span>',
        count,
    )
    return SafeString(text % {"shown": intcomma(count)})


@register.filter
def sentence(text: str) -> str:
    """Return the text with a full stop, unless it ends a sentence already."""
    return text if text.rstrip().endswith((".", "!", "?", "…")) else f"{text.rstrip()}."


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    """Return `mapping[key]`, or None if there is no such key."""
    return mapping.get(key)


register.filter("translated", translated)
register.filter("markdown", render_markdown)
register.filter("platform_name", platform_name)
register.filter("permalink", links.file_path)
register.filter("page_of", links.version_path)
register.filter("checksums_of", links.checksums_path)
register.filter("author_path", paths.author_path)
register.filter("organization_path", paths.organization_path)
register.filter("tag_path", paths.tag_path)
register.simple_tag(fetch_commands)


@register.filter
def stars(rating: int) -> str:
    return "★" * rating + "☆" * (MAX_RATING - rating)


@register.simple_tag(takes_context=True)
def page_link(context: dict[str, Any], number: int, parameter: str = "", anchor: str = "") -> str:
    """Return a link to another page of a list, with all other parameters as they are.

    Args:
        parameter: The parameter that selects the page of this list; `page` by default.
        anchor: The id of the list, if it is not at the top.
    """
    query = context["request"].GET.copy()
    query[parameter or "page"] = str(number)
    return f"?{query.urlencode()}{f'#{anchor}' if anchor else ''}"


@register.simple_tag
def structured_data(download: Download, version: Version | None, base_url: str) -> SafeString:
    return to_script(software_application(download, version or None, base_url))
