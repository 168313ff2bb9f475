"""The full-text table of the database: `tsvector` with a GIN index on PostgreSQL, FTS5 on SQLite.

Both store the words that `words.py` returns, so that both databases find the same. Rows of erased downloads do no harm:
every search joins its result with the downloads that the visitor may see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from releasehub.search.documents import Document

# Ranking reads every document, so a search for a very frequent word ranks this many with the word in the title, and as
# many others.
MAX_CANDIDATES = 1000
MAX_MATCHES = 500

POSTGRESQL_MATCH = """
SELECT download_id FROM search_document WHERE download_id IN (
    (SELECT download_id FROM search_document WHERE title_words @@ %(anywhere)s::tsquery LIMIT %(candidates)s)
    UNION ALL
    (SELECT download_id FROM search_document WHERE words @@ %(anywhere)s::tsquery LIMIT %(candidates)s)
)
ORDER BY CASE WHEN substr(title, 1, length(%(title)s)) = %(title)s THEN length(title) ELSE 1000 END,
    ts_rank(words, %(anywhere)s::tsquery, 1) DESC, download_id DESC
LIMIT %(matches)s
"""
SQLITE_MATCH = """
SELECT rowid FROM search_document WHERE search_document MATCH %(anywhere)s
ORDER BY CASE WHEN substr(title, 1, length(%(title)s)) = %(title)s THEN length(title) ELSE 1000 END,
    bm25(search_document, 10.0, 4.0, 1.0), rowid DESC
LIMIT %(matches)s
"""


def store(documents: Iterable[Document]) -> None:
    """Write the documents, which replace earlier ones of the same downloads."""
    rows = list(documents)
    remove([document.download_id for document in rows])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.executemany(
                "INSERT INTO search_document (download_id, title, title_words, words)"
                " VALUES (%s, %s, %s::tsvector, %s::tsvector)",
                [(row.download_id, " ".join(row.title), _vector(A=row.title), _vector_of(row)) for row in rows],
            )
        else:
            cursor.executemany(
                "INSERT INTO search_document (rowid, title, names, texts) VALUES (%s, %s, %s, %s)",
                [(row.download_id, *map(" ".join, (row.title, row.names, row.texts))) for row in rows],
            )


def remove(download_ids: Sequence[int]) -> None:
    column = "download_id" if connection.vendor == "postgresql" else "rowid"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"DELETE FROM search_document WHERE {column} = %s",  # noqa: S608 - a constant name
            [(pk,) for pk in download_ids],
        )


def match(words: Sequence[str]) -> list[int]:
    """Return the IDs of at most MAX_MATCHES downloads that have every word, or a word that begins with it.

    The best match comes first: titles that begin with the words, the shortest first, then the weight of the places
    where the words occur.
    """
    values: dict[str, str | int] = {"title": " ".join(words), "candidates": MAX_CANDIDATES, "matches": MAX_MATCHES}
    if connection.vendor == "postgresql":
        sql = POSTGRESQL_MATCH
        values["anywhere"] = " & ".join(f"('{word}':* | '{word}')" for word in words)
    else:
        sql = SQLITE_MATCH
        values["anywhere"] = " AND ".join(f'("{word}" * OR "{word}")' for word in words)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [pk for (pk,) in cursor.fetchall()]


def _vector_of(document: Document) -> str:
    return _vector(A=document.title, B=document.names, D=document.texts)


def _vector(**places: Sequence[str]) -> str:
    """Return the literal of a tsvector: every word with its position and the weight of its place, from A to D."""
    lexemes: dict[str, list[str]] = {}
    position = 0
    for weight, words in places.items():
        for word in words:
            position += 1
            lexemes.setdefault(word, []).append(f"{position}{weight}")
    return " ".join(f"'{word}':{','.join(positions)}" for word, positions in lexemes.items())
