"""Tell the layers above when a version gets content: a file was added or restored."""

from collections.abc import Callable

from releasehub.core.actor import Actor
from versions.models import Version

Listener = Callable[[Actor, Version], None]
_listeners: list[Listener] = []


def register_new_content(listener: Listener) -> None:
    """Call `listener` in the transaction in which an actor gives a version a file."""
    _listeners.append(listener)


def announce_new_content(actor: Actor, version: Version) -> None:
    for listener in _listeners:
        listener(actor, version)
