"""Feeds that the updaters of other projects read, one module for each format.

`resolver.py` finds the version that a feed names, with the same rules as update checks. `release.py` has the statements
of a feed as plain values. The writers, such as `electron.py`, turn these values into bytes and are pure functions.
"""
