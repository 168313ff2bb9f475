"""A static tree of releases: files, digests, metadata, notes and pages that any web server can serve."""
