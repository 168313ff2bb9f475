"""How much may be under way at once, and with it what a death costs.

Whoever dies between sending and noting leaves deliveries that are sent again. A lane sends nothing before its last
delivery is noted, and an endpoint has at most two lanes in all workers together. So the death of a worker, or of the
database, repeats at most LANES_PER_ENDPOINT * MAX_UNNOTED_PER_LANE deliveries of each endpoint: two. The fault runs
hold the hub to exactly this number (`tests/faults/verdicts.py`).
"""

LANES_PER_ENDPOINT = 2
MAX_LANES_PER_WORKER = 32
MAX_UNNOTED_PER_LANE = 1
