"""Imported by Django's discovery; brings in all admin classes."""

from releasehub.backoffice import (
    access_keys,
    accounts,
    apikeys,
    downloads,
    files,
    labels,
    logs,
    versions,
    webhooks,
)

__all__ = [
    "access_keys",
    "accounts",
    "apikeys",
    "downloads",
    "files",
    "labels",
    "logs",
    "versions",
    "webhooks",
]
