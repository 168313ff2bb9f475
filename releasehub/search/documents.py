"""The texts by which a search finds a download: only what everyone who sees the download can read."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from downloads.models import Download
from files.models import File
from releasehub.search.facets import facets_of
from releasehub.search.models import Facet
from releasehub.search.words import document_words, words_of
from versions.models import Version

NEWEST_VERSIONS = 20
MAX_NAMES = 400
MAX_TEXT_WORDS = 600
MAX_NOTES_CHARACTERS = 20_000


@dataclass(frozen=True)
class Document:
    """The words of a download. Words in the title count most, then those in names, then those in texts.

    Attributes:
        names: Slug, tags, owner, license, category, version numbers, version tags, file names and platforms.
        texts: Tag line, description, and the notes and changelogs of the newest versions.
        facets: The rows by which lists are filtered, which are not saved yet.
    """

    download_id: int
    title: list[str]
    names: list[str]
    texts: list[str]
    facets: list[Facet]


def document_of(download: Download) -> Document:
    """Return the document of a download. Load `category`, `owner` and `organization` with it."""
    rows = Version.objects.listed().filter(download=download).order_by("-released_at", "-id")
    versions = list(rows.only("number", "tag", "release_notes", "changelog", "platforms")[:NEWEST_VERSIONS])
    passed = File.objects.passed().filter(version__in=versions)
    files = list(passed.values_list("filename", "platform", "architecture"))
    names = [
        download.title,  # for the parts of its words
        download.slug,
        *(str(tag) for tag in download.tags),
        download.owner.get_username(),
        download.organization.name if download.organization else "",
        download.license,
        download.category.title,
        *(text for version in versions for text in (version.number, version.tag)),
        *(text for file in files for text in file),
    ]
    newest = (text for version in versions[:3] for text in (version.release_notes, version.changelog))
    texts = [download.tag_line, download.description, *newest]
    return Document(
        download.pk,
        title=words_of(download.title),
        names=_distinct(names, MAX_NAMES),
        texts=_distinct([text[:MAX_NOTES_CHARACTERS] for text in texts], MAX_TEXT_WORDS),
        facets=facets_of(
            download,
            platforms=[*(platform for _, platform, _ in files), *(name for row in versions for name in row.platforms)],
            channels=rows.order_by().values_list("channel", flat=True).distinct(),
        ),
    )


def _distinct(texts: Iterable[str], limit: int) -> list[str]:
    words = dict.fromkeys(word for text in texts for word in document_words(text))
    return list(islice(words, limit))
