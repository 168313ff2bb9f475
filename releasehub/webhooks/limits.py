"""Limits on concurrent deliveries. They also limit how many deliveries a crash can repeat.

If a worker or the database dies after an attempt was sent and before it is recorded, the delivery is sent again. A lane
sends nothing before its previous attempt is recorded, and an endpoint has at most two lanes in all workers together. So
a crash repeats at most LANES_PER_ENDPOINT * MAX_UNRECORDED_PER_LANE deliveries of each endpoint, which is two. The
fault tests check exactly this number (`tests/faults/verdicts.py`).
"""

LANES_PER_ENDPOINT = 2
MAX_LANES_PER_WORKER = 32
MAX_UNRECORDED_PER_LANE = 1
