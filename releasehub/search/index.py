"""The full-text table of the database: `tsvector` with a GIN index on PostgreSQL, FTS5 on SQLite.

Both store the words that `words.py` returns, so that both databases find the same. Rows of erased downloads do no harm:
every search joins its result with the downloads that the visitor may see.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.core.exceptions import EmptyResultSet
from django.db import connection, connections, transaction
from django.db.models.expressions import RawSQL

from downloads.querysets import DownloadQuerySet
from releasehub.core.actor import Actor
from releasehub.core.cluster.replica import read_alias
from releasehub.search.documents import Document
from releasehub.search.words import is_prefix

# Ranking reads every document, so a search for a very frequent word ranks only this many. Those with the word in the
# title come first, because others rank below them. The two arms may find the same documents, so at least half of the
# candidates are different ones, which is as long as a list becomes.
MAX_CANDIDATES = 1002

POSTGRESQL_MATCHING = "SELECT download_id FROM search_document WHERE words @@ %s::tsquery"
SQLITE_MATCHING = "SELECT rowid FROM search_document WHERE search_document MATCH %s"
FENCE = "OFFSET 0"  # PostgreSQL plans a subquery with it on its own
# Each arm ranks its documents as it reads them, because reading them again by their IDs took a fifth of the time.
POSTGRESQL_RANKED = """
WITH titled AS MATERIALIZED (
    SELECT download_id, title, ts_rank(words, %(ranking)s::tsquery, 1) AS score FROM (
        SELECT download_id, title, words FROM search_document WHERE title_words @@ %(anywhere)s::tsquery {fence}
    ) AS document WHERE EXISTS ({visible}) LIMIT %(candidates)s
)
SELECT download_id FROM (
    SELECT download_id, title, score FROM titled
    UNION
    (SELECT download_id, title, ts_rank(words, %(ranking)s::tsquery, 1) FROM search_document AS document
        WHERE words @@ %(anywhere)s::tsquery AND EXISTS ({visible})
        LIMIT %(candidates)s - (SELECT count(*) FROM titled))
) AS document
ORDER BY CASE WHEN substr(title, 1, length(%(title)s)) = %(title)s THEN length(title) ELSE 1000 END,
    score DESC, download_id DESC
LIMIT %(limit)s
"""
# The function bm25 is evaluated for the rows of an inner query only, so the inner limits bound the work.
SQLITE_RANKED = """
SELECT id FROM (
    SELECT * FROM (
        SELECT document.rowid AS id, title, bm25(search_document, 10.0, 4.0, 1.0) AS score
        FROM search_document AS document WHERE search_document MATCH %(in_title)s AND EXISTS ({visible})
        LIMIT %(candidates)s
    )
    UNION ALL SELECT * FROM (
        SELECT document.rowid AS id, title, bm25(search_document, 10.0, 4.0, 1.0) AS score
        FROM search_document AS document WHERE search_document MATCH %(anywhere)s AND EXISTS ({visible})
        LIMIT %(candidates)s
    )
) GROUP BY id
ORDER BY CASE WHEN substr(title, 1, length(%(title)s)) = %(title)s THEN length(title) ELSE 1000 END,
    min(score), id DESC
LIMIT %(limit)s
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


def matching(words: Sequence[str]) -> RawSQL:
    """Return a subquery for the IDs of all downloads that have every word, or a word that begins with it."""
    is_postgresql = connection.vendor == "postgresql"
    return RawSQL(POSTGRESQL_MATCHING if is_postgresql else SQLITE_MATCHING, [_expression(words)])  # noqa: S611 - constants


def ranked(words: Sequence[str], rows: DownloadQuerySet, limit: int, *, is_narrow: bool = False) -> list[int]:
    """Return the IDs of at most `limit` of the rows that have every word, or a word that begins with it.

    The best match comes first: titles that begin with the words, the shortest first, then the weight of the places
    where the words occur.

    Args:
        rows: The downloads that the actor may see and the filters let through.
        is_narrow: Whether filters let only few rows through. Otherwise PostgreSQL has to begin with the index of
            titles. It read all documents in the order of their IDs instead, because it expected to find enough soon.
    """
    is_postgresql = connection.vendor == "postgresql"
    key = RawSQL("document.download_id" if is_postgresql else "document.rowid", ())  # noqa: S611 - constant names
    try:
        visible, parameters = rows.filter(pk=key).order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return []
    names = {f"visible{place}": value for place, value in enumerate(parameters)}
    visible %= tuple(f"%({name})s" for name in names)
    expression, ranking = _expression(words), _ranking(words)
    values = {"title": " ".join(words), "ranking": ranking, "in_title": f"title : ({expression})"}
    # From the shorter query, PostgreSQL expects so few rows beside filters that it reads them with several processes.
    # The candidates of a search that is cut would then differ from page to page.
    values["anywhere"] = ranking if is_narrow and is_postgresql else expression
    limits = {"candidates": MAX_CANDIDATES, "limit": limit}
    with connections[read_alias()].cursor() as cursor:
        sql = POSTGRESQL_RANKED if is_postgresql else SQLITE_RANKED
        sql = sql.replace("{fence}", "" if is_narrow else FENCE).replace("{visible}", visible)
        cursor.execute(sql, names | values | limits)
        return [pk for (pk,) in cursor.fetchall()]


@contextmanager
def quick_planning(actor: Actor) -> Iterator[None]:
    """Keep PostgreSQL from compiling the queries of signed-in users to machine code.

    It overestimates what their conditions cost, and compiled for 150 ms what then ran for 10 ms.
    """
    if connection.vendor != "postgresql" or actor.user is None:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        yield


def _expression(words: Sequence[str]) -> str:
    """Return the query in the language of the database. Words have no character that is special there."""
    if connection.vendor == "postgresql":
        return " & ".join(f"'{word}':*" if is_prefix(word) else f"'{word}'" for word in words)
    return " AND ".join(f'("{word}" * OR "{word}")' if is_prefix(word) else f'"{word}"' for word in words)


def _ranking(words: Sequence[str]) -> str:
    """Return the query by which PostgreSQL ranks what it found: a whole word counts more than a beginning.

    It matches the same documents as `_expression`, but the index would look up every word twice.
    """
    return " & ".join(f"('{word}':* | '{word}')" if is_prefix(word) else f"'{word}'" for word in words)


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
