"""A registry of the tasks that follow the event stream, in apps above this one.

Each remembers the position that it has reached. Retention keeps the events after it.
"""

from collections.abc import Callable

_lookups: list[Callable[[], int | None]] = []


def register_stream_reader(lookup: Callable[[], int | None]) -> None:
    """Let `lookup` return the position up to which a task has read, or None if it has not begun.

    A task that has not begun starts at the end of the stream.
    """
    _lookups.append(lookup)


def lowest_read_position(end: int) -> int:
    """Return the position up to which all tasks have read the stream, which ends at `end`."""
    return min([end, *(position for lookup in _lookups if (position := lookup()) is not None)])
