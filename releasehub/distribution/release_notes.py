"""Release notes that are put together from those of the versions between two tags."""

from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from downloads.models import Download
from releasehub.core.actor import Actor
from releasehub.core.errors import Gone, Invalid, NotFound
from releasehub.distribution.permalinks import find_tagged_version
from versions.channels import offered_to
from versions.models import Version
from versions.numbering import sort_key_of
from versions.querysets import VersionQuerySet
from versions.tags import number_of_tag

MAX_VERSIONS = 100


def generated_notes(actor: Actor, download: Download, tag: str, previous_tag: str = "", *, base_url: str) -> str:
    """Return the notes of the listed versions after `previous_tag`, up to `tag`, as Markdown.

    Neither the version of `tag` needs to exist, nor is its own text repeated: it is what the notes are written for.

    Args:
        previous_tag: By default, the highest version below that clients of the same channel are offered.
        base_url: The beginning of the link to the comparison of the two versions.

    Raises:
        Invalid: There is no version with `previous_tag` that the actor may see.
    """
    # The text is written for everybody, so that it has nothing that only the actor sees.
    rows = Version.objects.listed().filter(download=download)
    target = _find(actor, download, tag)
    key = bytes(target.sort_key) if target else _key_of(download, tag)
    if key:
        rows = rows.filter(sort_key__lte=key)
    previous = _named_previous(actor, download, previous_tag) if previous_tag else _previous(rows, download, target)
    if previous is not None:
        rows = rows.filter(sort_key__gt=previous.sort_key)
    between = rows.exclude(pk=target.pk if target else 0).order_by("-sort_key", "-id")
    sections = _sections(between)
    return "\n\n".join([*sections, _link(download, previous, tag, base_url)])


def _key_of(download: Download, tag: str) -> bytes:
    """Return the sort key of the number in the tag, or nothing for a word such as `nightly`, which has no place."""
    number = number_of_tag(tag)
    has_digit = any(character.isdigit() for character in number)
    return (sort_key_of(number, download.version_scheme) or b"") if has_digit else b""


def _find(actor: Actor, download: Download, tag: str) -> Version | None:
    try:
        return find_tagged_version(actor, download, tag)
    except (Gone, NotFound):
        return None


def _named_previous(actor: Actor, download: Download, tag: str) -> Version:
    if (version := _find(actor, download, tag)) is None:
        message = f"There is no release with the tag {tag}. Name an existing one, or leave it out."
        raise Invalid(message, field="previous_tag")
    return version


def _previous(rows: VersionQuerySet, download: Download, target: Version | None) -> Version | None:
    channels = offered_to(target.channel if target else download.default_channel)
    others = rows.filter(channel__in=channels).exclude(pk=target.pk if target else 0)
    return others.of_newest_first().first()


def _sections(versions: VersionQuerySet) -> list[str]:
    """Return a section for each version that has notes, as many as fit into the notes of one version."""
    sections, left = [], settings.MAX_NOTES_CHARACTERS // 2
    for version in versions[:MAX_VERSIONS]:
        notes = version.notes.strip()
        left -= len(notes)
        if left < 0:
            break
        if notes:
            sections.append(f"## {version.tag_name}\n\n{notes}")
    return sections


def _link(download: Download, previous: Version | None, tag: str, base_url: str) -> str:
    """Return a line with a link to the page that compares the two versions, or to all versions."""
    place = {"slug": download.slug, "pk": download.pk}
    if previous is None:
        return f"**All versions**: {base_url}{reverse('pages:versions', kwargs=place)}"
    query = urlencode({"from": previous.number, "to": number_of_tag(tag)})
    return f"**Changes since {previous.tag_name}**: {base_url}{reverse('pages:compare', kwargs=place)}?{query}"
