"""Search for downloads."""

from __future__ import annotations

from dataclasses import dataclass, field

from downloads.models import Download
from releasehub.core.actor import Actor
from releasehub.search import index
from releasehub.search.spelling import corrected
from releasehub.search.words import query_words

MAX_WORDS = 16


@dataclass(frozen=True)
class SearchResult:
    """The downloads that a search found.

    Attributes:
        download_ids: The IDs of the downloads that the actor may see, the best match first.
        corrected_text: The words that were searched for instead, if the text had none but misspelled words.
    """

    download_ids: list[int] = field(default_factory=list)
    corrected_text: str = ""


def search_downloads(actor: Actor, text: str) -> SearchResult:
    """Return the downloads that have every word of the text; the last letters of a word may be missing.

    If nothing matches, words that occur nowhere are replaced by similar ones. Words after the first MAX_WORDS are
    ignored. The number of queries does not depend on the number of matches.
    """
    words = query_words(text)[:MAX_WORDS]
    if not words:
        return SearchResult()
    if found := _visible(actor, index.match(words)):
        return SearchResult(found)
    similar = corrected(words)
    if similar == words:
        return SearchResult()
    found = _visible(actor, index.match(similar))
    return SearchResult(found, " ".join(similar) if found else "")


def _visible(actor: Actor, download_ids: list[int]) -> list[int]:
    """Return those IDs whose download the actor may see, in the same order."""
    rows = Download.objects.visible_to(actor).filter(pk__in=download_ids).order_by().values_list("pk", flat=True)
    visible = set(rows)
    return [pk for pk in download_ids if pk in visible]
