"""Split texts into words, in the same way for documents and queries and for both databases."""

import re
import unicodedata
from collections.abc import Iterable

MAX_WORD_CHARACTERS = 40
_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
_ACCENTS = re.compile("[\u0300-\u036f]")
_NUMBER = re.compile(r"v?[0-9]")
_BIGRAM = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_BIGRAM_SCRIPTS = re.compile(f"{_BIGRAM.pattern}{{2,}}")


def words_of(text: str) -> list[str]:
    """Return the words without case and accents; a dotted word such as 1.2.0 stays whole."""
    return [_without_v(word)[:MAX_WORD_CHARACTERS] for word in _WORD.findall(fold_text(text))]


def document_words(text: str) -> list[str]:
    """Return the words of a document, with everything by which a query may find them.

    A dotted word such as `tool.tar.gz` is also found by its parts. Chinese, Japanese and Korean have no spaces between
    words, so every pair of neighboring characters is a word too.
    """
    return [part for word in words_of(text) for part in _parts(word)]


def query_words(text: str) -> list[str]:
    """Return the words of a query: version numbers as they are, other dotted words by their parts.

    A word in Chinese, Japanese or Korean becomes its pairs of neighboring characters.
    """
    words: list[str] = []
    for word in words_of(text):
        for part in [word] if _NUMBER.match(word) else word.split("."):
            words += _pairs(part) or [part]
    return list(dict.fromkeys(words))


def is_prefix(word: str) -> bool:
    """Return whether a word of a query also finds longer words: a single letter would find too many of them."""
    return len(word) > 1 or _BIGRAM.match(word) is not None


def trigrams_of(word: str) -> set[str]:
    """Return all sequences of three characters, with a mark for the beginning and the end of the word."""
    marked = f" {word} "
    return {marked[start : start + 3] for start in range(len(marked) - 2)}


def fold_text(text: str) -> str:
    """Return the text without case and without the accents of European scripts."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", folded)))


def _without_v(word: str) -> str:
    """Return `v1.2` as `1.2`, because both are one version."""
    return word[1:] if word[0] == "v" and _NUMBER.match(word[1:]) else word


def _parts(word: str) -> Iterable[str]:
    yield word
    if "." in word:
        yield from word.split(".")
    yield from _pairs(word)


def _pairs(word: str) -> list[str]:
    runs = _BIGRAM_SCRIPTS.findall(word)
    return [run[start : start + 2] for run in runs for start in range(len(run) - 1)]
