"""Versions of downloads: their numbers, channels, platforms and notes.

In: a download and the fields of a version. Out: versions in the order of their numbers, and the rule for who sees them.
Start with `models`, and with `services/writing.py` for how a version is created.
"""
