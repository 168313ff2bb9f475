"""Imports of all admin modules, so that Django's autodiscovery registers their classes."""

from releasehub.backoffice import (
    access_keys,
    accounts,
    apikeys,
    community,
    downloads,
    files,
    labels,
    logs,
    prefixes,
    versions,
    webhooks,
)

__all__ = [
    "access_keys",
    "accounts",
    "apikeys",
    "community",
    "downloads",
    "files",
    "labels",
    "logs",
    "prefixes",
    "versions",
    "webhooks",
]
