"""Leases: a worker reserves a row until a certain time, so that no other worker takes the same work.

If the worker dies, the lease expires and another worker continues. A model with leases has the fields `lease_until` and
`lease_token`. The token tells a worker whether it still holds the lease when it wants to store its result.
"""

from django.db.models import Expression, Q


def is_unleased(now: Expression) -> Q:
    """Return a filter for rows that no worker has leased, or whose lease has expired.

    Args:
        now: The time of the database. Workers compare leases with it, because their own clocks may differ.
    """
    # A worker that is suspended past its lease may still be running, so this filter alone does not make a result safe.
    # Results are stored only where `lease_token` still matches.
    return Q(lease_until=None) | Q(lease_until__lt=now)
