"""Validate release channels, and decide which channels a client that follows one of them receives.

A channel is free text, and its case does not matter. Five channels have a known order, from stable to dev. All
functions here are pure.
"""

import re

STABLE, BETA, DEV = "stable", "beta", "dev"
ORDER = (STABLE, "rc", BETA, "alpha", DEV)
MAX_CHANNEL_CHARACTERS = 256
MAX_SHOWN_CHARACTERS = 50

_IDENTIFIERS = re.compile(r"[._~ ()-]+")
_WORD = re.compile(r"([A-Za-z]+)[0-9]*")
_WORDS = {
    STABLE: ("stable", "final", "release", "ga", "lts"),  # 4.2.2-stable of Godot is a release, not a pre-release
    "rc": ("rc", "cr", "c"),
    "beta": ("beta", "b", "pre", "preview", "m", "milestone", "ea"),
    "alpha": ("alpha", "a"),
    DEV: ("dev", "nightly", "snapshot", "canary", "edge", "ci", "git"),
}
_CHANNEL_OF = {word: channel for channel, words in _WORDS.items() for word in words}


class InvalidChannel(ValueError):
    """The text is not a valid channel name."""


def clean_channel(text: str) -> str:
    """Return the channel name in lower case and without surrounding spaces.

    Raises:
        InvalidChannel: The name is empty, too long, or has a control character.
    """
    return clean_channel_name(text).lower()


def clean_channel_name(text: str) -> str:
    """Return the channel name as people read it, without surrounding spaces."""
    name = text.strip()
    # Some letters become two in lower case.
    if not name or max(len(name), len(name.lower())) > MAX_CHANNEL_CHARACTERS or not name.isprintable():
        raise InvalidChannel(
            f"The channel name {name[:MAX_SHOWN_CHARACTERS]!r} is invalid. Use one line of 1 to "
            f"{MAX_CHANNEL_CHARACTERS} characters."
        )
    return name


def channel_of_prerelease(prerelease: str, *, otherwise: str = DEV) -> str:
    """Return the channel that a pre-release identifier such as rc.1 or beta2 names. It is stable for 4.2.2-stable.

    If the identifier names several channels, the least stable one is returned. If it names no channel, as in 1.0.0-1,
    the version belongs to `otherwise`. By default this is `dev`, so that only clients that follow `dev` are offered it.
    """
    channels = [
        _CHANNEL_OF.get(match[1].lower(), "") for match in map(_WORD.fullmatch, _IDENTIFIERS.split(prerelease)) if match
    ]
    return max((channel for channel in channels if channel), key=ORDER.index, default=otherwise)


def offered_to(channel: str) -> tuple[str, ...]:
    """Return the channels whose versions a client that follows `channel` is offered: beta gets stable, rc and beta.

    A client that follows a channel outside the known order is offered the versions of that channel only.
    """
    return ORDER[: ORDER.index(channel) + 1] if channel in ORDER else (channel,)
