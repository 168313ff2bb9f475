"""Pictures of downloads: decoded and encoded again, so that the hub never serves bytes that a user has made."""
