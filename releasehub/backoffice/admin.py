"""Imports of all admin modules, so that Django's autodiscovery registers their classes."""

from releasehub.backoffice import (
    access_keys,
    accounts,
    apikeys,
    categories,
    community,
    downloads,
    files,
    holds,
    labels,
    logs,
    organizations,
    prefixes,
    reports,
    versions,
    webhook_deliveries,
    webhooks,
)

__all__ = [
    "access_keys",
    "accounts",
    "apikeys",
    "categories",
    "community",
    "downloads",
    "files",
    "holds",
    "labels",
    "logs",
    "organizations",
    "prefixes",
    "reports",
    "versions",
    "webhook_deliveries",
    "webhooks",
]
