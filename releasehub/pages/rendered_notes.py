"""The notes of several versions as HTML in one response: as many as a response can take the time for."""

from collections.abc import Iterable

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from releasehub.markdown.rendering import render_markdown
from versions.models import Version

MAX_CHARACTERS = 100_000  # take about 1.5 seconds of CPU time in the worst case


def render_notes(versions: Iterable[Version], *, with_changelogs: bool = False) -> dict[int, SafeString]:
    """Return the notes by the ID of their version. Those that exceed MAX_CHARACTERS together are left out.

    The longest notes that a single version can have are always rendered.

    Args:
        with_changelogs: Append the changelog of each version to its notes, instead of only standing in for them.
    """
    rendered: dict[int, SafeString] = {}
    left = max(MAX_CHARACTERS, 2 * settings.MAX_NOTES_CHARACTERS)
    for version in versions:
        texts = [version.release_notes, version.changelog] if with_changelogs else [version.notes]
        size = sum(map(len, texts))
        if size <= left:
            rendered[version.pk] = mark_safe("".join(map(render_markdown, texts)))  # noqa: S308 - cleaned
            left -= size
    return rendered


def attach_notes(versions: Iterable[Version]) -> None:
    """Set `rendered_notes` of each version, for a page with the notes and changelogs of all of them.

    It is empty where the page only links to the notes.
    """
    rows = list(versions)
    rendered = render_notes(rows, with_changelogs=True)
    for version in rows:
        version.rendered_notes = rendered.get(version.pk, "")  # type: ignore[attr-defined]
