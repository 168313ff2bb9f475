"""The timeline of an object: audit rows, events, deliveries, decisions and downloads in chronological order.

In: a download, version, file, user or webhook endpoint. Out: pages of entries, the newest first. Start with `pages.py`.
"""
