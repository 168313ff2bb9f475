"""Channels: free text, with a known order for who is offered what. Pure functions."""

import re

STABLE = "stable"
ORDER = (STABLE, "rc", "beta", "alpha", "dev")
MAX_LENGTH = 50
_FORM = re.compile(r"[a-z0-9][a-z0-9._-]*")


class InvalidChannel(ValueError):
    """Not a channel name."""


def clean_channel(text: str) -> str:
    """Lower case, without surrounding space.  Errors: InvalidChannel."""
    channel = text.strip().lower()
    if len(channel) > MAX_LENGTH or not _FORM.fullmatch(channel):
        raise InvalidChannel(f"A channel has 1 to {MAX_LENGTH} letters, digits, dots, dashes or underscores.")
    return channel


def offered_to(channel: str) -> tuple[str, ...]:
    """The channels whose versions are offered to who follows `channel`: beta gets stable, rc and beta.

    A channel outside the known order stands for itself alone.
    """
    return ORDER[: ORDER.index(channel) + 1] if channel in ORDER else (channel,)
