"""Channels: free text, with a known order for who is offered what. Pure functions."""

import re

STABLE = "stable"
ORDER = (STABLE, "rc", "beta", "alpha", "dev")
MAX_LENGTH = 50
_FORM = re.compile(r"[a-z0-9][a-z0-9._-]*")


_IDENTIFIERS = re.compile(r"[._~-]+")
_WORD = re.compile(r"([A-Za-z]+)[0-9]*")
_WORDS = {
    "rc": ("rc", "cr", "c"),
    "beta": ("beta", "b", "pre", "preview", "m", "milestone", "ea"),
    "alpha": ("alpha", "a"),
    "dev": ("dev", "nightly", "snapshot", "canary", "edge", "ci", "git"),
}
_CHANNEL_OF = {word: channel for channel, words in _WORDS.items() for word in words}


class InvalidChannel(ValueError):
    """Not a channel name."""


def clean_channel(text: str) -> str:
    """Lower case, without surrounding space.  Errors: InvalidChannel."""
    channel = text.strip().lower()
    if len(channel) > MAX_LENGTH or not _FORM.fullmatch(channel):
        raise InvalidChannel(f"A channel has 1 to {MAX_LENGTH} letters, digits, dots, dashes or underscores.")
    return channel


def channel_of_prerelease(prerelease: str) -> str:
    """Return the channel that a pre-release such as rc.1 or beta2 names: the least stable of those it names.

    One that names none, such as 1.0.0-1, belongs to `dev`: nobody is offered it by accident.
    """
    found = [
        _CHANNEL_OF.get(match[1].lower(), "") for match in map(_WORD.fullmatch, _IDENTIFIERS.split(prerelease)) if match
    ]
    return max((channel for channel in found if channel), key=ORDER.index, default=ORDER[-1])


def offered_to(channel: str) -> tuple[str, ...]:
    """The channels whose versions are offered to who follows `channel`: beta gets stable, rc and beta.

    A channel outside the known order stands for itself alone.
    """
    return ORDER[: ORDER.index(channel) + 1] if channel in ORDER else (channel,)
