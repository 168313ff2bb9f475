"""A description of all tables of a database, to compare databases that were made by different migrations.

Three differences do no harm, so the description leaves them out. The order of columns depends on when each was added;
every statement of the hub names its columns. Names that Django or PostgreSQL derive from the name of a table
stay when the table is renamed; Django looks them up in the database before it uses them. PostgreSQL writes the list of
an `IN` in another form after the database was dumped and restored, as that of 0.1.0.
"""

from __future__ import annotations

import re

from django.db.backends.base.base import BaseDatabaseWrapper

DERIVED = re.compile(r"\b\w+?_(?:pkey|key|id_seq|[0-9a-f]{8}(?:_\w+)?)\b")
RESTORED_LIST = re.compile(r"\(ARRAY\[([^]]*)\]\)::text\[\]")
TEXT = re.compile(r"('[^']*'::character varying)")
SQLITE = "SELECT type, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL"
POSTGRESQL = (
    """SELECT format('column %s.%s %s %s default %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod),
        CASE WHEN attnotnull THEN 'not null' ELSE '' END, pg_get_expr(adbin, adrelid), attcollation::regcollation)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm') AND attnum > 0 AND NOT attisdropped""",
    """SELECT format('sequence of %s, %s: %s from %s to %s by %s', refobjid::regclass, deptype, seqtypid::regtype,
        seqmin, seqmax, seqincrement)
    FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
        LEFT JOIN pg_depend ON objid = seqrelid AND deptype IN ('a', 'i')
    WHERE relnamespace = 'public'::regnamespace""",
    """SELECT format('constraint %s on %s: %s %s', conname, conrelid::regclass, pg_get_constraintdef(oid), convalidated)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT format('%s %s', pg_get_triggerdef(pg_trigger.oid), tgenabled)
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal""",
    "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'",
    "SELECT format('extension %s', extname) FROM pg_extension",
)


def schema_of(connection: BaseDatabaseWrapper) -> list[str]:
    """Return a line for each column, constraint, index, trigger, function and sequence of the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return sorted(line for row in cursor.execute(SQLITE).fetchall() for line in sqlite_lines(*row))
        lines = []
        for query in POSTGRESQL:
            cursor.execute(query)
            lines += [postgresql_line(line) for (line,) in cursor.fetchall()]
        return sorted(lines)


def postgresql_line(text: str) -> str:
    text = RESTORED_LIST.sub(lambda match: "ARRAY[" + TEXT.sub(r"(\1)::text", match[1]) + "]", text)
    return DERIVED.sub("derived", text)


def sqlite_lines(kind: str, table: str, sql: str) -> list[str]:
    """Return the statement that made a part of the database; for a table, a line for each column and constraint."""
    text = " ".join(sql.split())
    if kind != "table" or text.startswith("CREATE VIRTUAL"):
        return [text]
    return [f"{table}: {part}" for part in split_at_commas(text[text.index("(") + 1 : text.rindex(")")])]


def split_at_commas(text: str) -> list[str]:
    """Split at the commas that are not inside of parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
