"""Template filters of the pages about the versions of a download."""

from django import template
from django.template.defaultfilters import filesizeformat
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_lazy

from files.models import File
from releasehub.distribution.comparison import Change
from releasehub.distribution.history import VersionState
from releasehub.distribution.statistics import Breakdown, Series
from versions.models import Version
from versions.platforms import platform_name

register = template.Library()
LABELS = {
    VersionState.CURRENT: gettext_lazy("Current"),
    VersionState.PRERELEASE: gettext_lazy("Pre-release"),
    VersionState.YANKED: gettext_lazy("Yanked"),
    VersionState.ARCHIVED: gettext_lazy("Archived"),
    VersionState.UNPUBLISHED: gettext_lazy("Not published"),
    Change.ADDED: gettext_lazy("added"),
    Change.REMOVED: gettext_lazy("removed"),
    Change.CHANGED: gettext_lazy("changed"),
    Change.UNCHANGED: gettext_lazy("unchanged"),
}
CHANGE_BADGES = {Change.ADDED: "good", Change.REMOVED: "danger", Change.CHANGED: "warn"}


@register.filter
def label_of(choice: VersionState | Change) -> str:
    """Return the name of a state or a change for people."""
    return str(LABELS[choice])


@register.filter
def badge_of_change(change: Change) -> str:
    return CHANGE_BADGES.get(change, "")


@register.filter
def size_of(file: File) -> str:
    """Return the size of a file, or a note that it is unknown, as for a link whose bytes the hub never read."""
    return filesizeformat(file.size_bytes) if file.size_bytes else gettext("unknown size")


@register.filter
def series_name(series: Series, breakdown: Breakdown) -> str:
    """Return the name of a part of the statistics for people."""
    if series.name is None:
        return gettext("All others")
    if breakdown in {Breakdown.VERSION, Breakdown.FILE}:
        return series.name
    return platform_name(series.name) if series.name else gettext("All systems")


@register.filter
def anchor_of(version: Version) -> str:
    """Return the id of the notes of a version on a page. Versions that share a number have different ones."""
    suffix = "-".join(version.page_query.values())
    return "v" + slugify(f"{version.number.replace('.', '-')}-{suffix}".replace("+", "-build-"))
