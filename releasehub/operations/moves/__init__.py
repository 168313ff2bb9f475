"""Moves of a hub to another database or storage, while it serves reads.

In: the hub, and the URL of a database or a kind of storage. Out: the same rows or files there, compared with their
digests, and the old place unchanged and read-only. Start with `database.py` or `files.py`.
"""
