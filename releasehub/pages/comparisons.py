"""The page that compares two versions of a download."""

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from downloads.models import Download
from files.models import File
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.distribution.comparison import Change, compare_files, version_pair
from releasehub.distribution.history import comparable_versions, history_of, versions_between, versions_named
from releasehub.pages.contexts import about, download_of_page
from releasehub.pages.parameters import parameter_of
from releasehub.pages.rendered_notes import attach_notes
from releasehub.pages.viewers import viewer_of
from versions.models import Version

MAX_NOTES_BETWEEN = 20


@require_safe
@cache_for_anonymous()
def compare(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Show the differences between the versions that the parameters `from` and `to` name."""
    actor = viewer_of(request)
    download = download_of_page(actor, slug, pk)
    names = [parameter_of(request, name) for name in ("from", "to")]
    found = versions_named(actor, download, set(names))
    context = (
        about(request, download)
        | compare_choices(actor, download)
        | {
            "tab": "versions",
            "chosen": names,
            "unknown": [name for name in names if name and name not in found],
        }
    )
    if len(found) == len(set(names)):
        context |= comparison_context(actor, *version_pair(found[names[0]], found[names[1]]))
    return render(request, "pages/compare.html", context)


def compare_choices(actor: Actor, download: Download) -> dict[str, Any]:
    """Return the versions that the form of a comparison offers, with the name of each in links.

    The name is the number, or the public ID of a version that shares its number.
    """
    versions = comparable_versions(actor, download)
    uses = Counter(version.number for version in versions)
    names = {row.pk: row.number if uses[row.number] == 1 else row.public_id for row in versions}
    return {"comparable": [(names[version.pk], version) for version in versions], "compare_names": names}


def comparison_context(actor: Actor, before: Version, after: Version) -> dict[str, Any]:
    """Return the template context: the changes of the files, and the notes of the versions in between."""
    changes = compare_files(files_in(actor, before), files_in(actor, after))
    between = versions_between(history_of(actor, before.download), before, after)
    noted = list(between[: MAX_NOTES_BETWEEN + 1])
    for version in noted:
        version.download = before.download
    attach_notes(noted[:MAX_NOTES_BETWEEN])
    return {
        "before": before,
        "after": after,
        "pair": (before, after),
        "changes": [change for change in changes if change.kind != Change.UNCHANGED],
        "unchanged": [change for change in changes if change.kind == Change.UNCHANGED],
        "between": noted[:MAX_NOTES_BETWEEN],
        "has_more": len(noted) > MAX_NOTES_BETWEEN,
    }


def files_in(actor: Actor, version: Version) -> list[File]:
    """Return the files of the version that the actor may see."""
    files = list(File.objects.listed_in(actor, version).select_related("blob"))
    for file in files:
        file.version = version
    return files
