"""The way of a version into the hub: its states, whole releases with their files, and deletion.

In: a version or its files, and what to do with them. Out: the next state with its audit row and events, and the files
that belong to it. Start with `lifecycle.py` and its table in `transitions.py`.
"""
