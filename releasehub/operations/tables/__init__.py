"""A portable form of all tables, the same for SQLite and PostgreSQL.

In: a database. Out: JSON lines of every row as of one moment, with a digest of each table, and a database with the same
rows, of the same or the other kind. Start with `export.py`; `load.py` is the way back, `values.py` the form of a value.
"""
