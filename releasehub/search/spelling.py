"""Correct misspelled words by the words that occur in titles and names."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from django.db.models import Count, Exists

from releasehub.search.documents import Document
from releasehub.search.models import SearchCursor, WordTrigram
from releasehub.search.words import trigrams_of

MIN_CHARACTERS = 4
MAX_CANDIDATES = 30
MIN_SIMILARITY = 0.7
MAX_CORRECTIONS = 3
BATCH_ROWS = 2000


def learn_words(documents: Iterable[Document]) -> None:
    """Remember the words of the titles and names. Words of deleted downloads stay: they cause no wrong match."""
    for document in documents:
        words = {word for word in (*document.title, *document.names) if _is_spelled(word)}
        known = WordTrigram.objects.filter(word__in=words).values_list("word", flat=True)
        # Two workers that insert the same words in the same order never wait for each other in a circle.
        new_words = sorted(words.difference(known))
        rows = [WordTrigram(trigram=part, word=word) for word in new_words for part in sorted(trigrams_of(word))]
        WordTrigram.objects.bulk_create(rows, batch_size=BATCH_ROWS, ignore_conflicts=True)


def corrected(words: Sequence[str]) -> list[str]:
    """Return the words, with each one that no title or name begins with replaced by the most similar known word.

    The number of queries is bounded: if more than MAX_CORRECTIONS words are unknown, they are returned as they are.
    """
    unknown = _unknown([word for word in words if _is_spelled(word)])
    if len(unknown) > MAX_CORRECTIONS:
        return list(words)
    return [_most_similar(word) if word in unknown else word for word in words]


def _unknown(words: Sequence[str]) -> set[str]:
    """Return the words with which no known word begins, with one query."""
    if not words:
        return set()
    known = {str(place): Exists(WordTrigram.objects.filter(word__startswith=word)) for place, word in enumerate(words)}
    found = SearchCursor.objects.annotate(**{f"known{place}": test for place, test in known.items()})
    row = found.values(*(f"known{place}" for place in known)).first() or {}
    return {word for place, word in enumerate(words) if not row.get(f"known{place}")}


def _most_similar(word: str) -> str:
    shared = WordTrigram.objects.filter(trigram__in=trigrams_of(word)).values("word").annotate(count=Count("id"))
    candidates = shared.order_by("-count", "word").values_list("word", flat=True)[:MAX_CANDIDATES]
    return next(iter(get_close_matches(word, candidates, n=1, cutoff=MIN_SIMILARITY)), word)


def _is_spelled(word: str) -> bool:
    """Return whether the word is one that people misspell: no number, and not so short that every word is similar."""
    return len(word) >= MIN_CHARACTERS and word.isalpha()
