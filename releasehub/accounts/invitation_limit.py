"""Limits on the users that one user names, by e-mail address or user name, in one hour."""

from collections.abc import Collection

from releasehub.core.actor import Actor
from releasehub.core.counting import count_in_hour

NAMES_PER_HOUR = 200
OUTSIDERS_PER_HOUR = 100


def count_names(actor: Actor, names: Collection[str]) -> None:
    """Count each name, with or without an account, so that over the limit all of them get the same answer.

    Raises:
        TooMany: The user named more people in this hour than anybody invites.
    """
    _count(actor, "addresses", len(set(names)), NAMES_PER_HOUR)


def count_outsiders(actor: Actor, number: int) -> None:
    """Count strangers and addresses without an account alike, where the answer has to tell one from the other.

    Raises:
        TooMany: The user named more of them in this hour than anybody shares with.
    """
    _count(actor, "outsiders", number, OUTSIDERS_PER_HOUR)


def _count(actor: Actor, what: str, number: int, limit: int) -> None:
    message = f"You named more than {limit} people in one hour. Continue in the next hour."
    for _ in range(number):
        count_in_hour(f"{what}:{actor.user_id}", limit, message)
