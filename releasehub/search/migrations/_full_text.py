POSTGRESQL = """
CREATE TABLE search_document (
    download_id bigint PRIMARY KEY, title text NOT NULL, title_words tsvector NOT NULL, words tsvector NOT NULL
);
CREATE INDEX search_document_title ON search_document USING gin (title_words) WITH (fastupdate = off);
CREATE INDEX search_document_words ON search_document USING gin (words) WITH (fastupdate = off);
"""
SQLITE = """
CREATE VIRTUAL TABLE search_document USING fts5 (
    title, names, texts, tokenize = "unicode61 remove_diacritics 0 tokenchars '.'", prefix = '2 3'
)
"""


def create_table(apps, schema_editor):
    """Create the full-text table, which no model describes because its columns differ between the databases."""
    schema_editor.execute(POSTGRESQL if schema_editor.connection.vendor == 'postgresql' else SQLITE)


def drop_table(apps, schema_editor):
    schema_editor.execute('DROP TABLE search_document')
