"""Parts for a hub of several machines: reads from a replica of the database, and messages about changes.

Reads of anonymous visitors come in; they go to the replica while it is up to date, and to the primary otherwise. Start
with `replica.py`, which decides where a request reads. `replica_health.py` measures how far the replica is behind, and
`change_channel.py` tells the other processes to clear their caches.
"""
