"""Times as GitHub writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def format_second(moment: datetime) -> str:
    """Return a time as `2026-01-31T12:00:00Z`, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
