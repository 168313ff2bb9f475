"""Demo data for the first start: a few downloads with versions and files, and the first administrator."""
