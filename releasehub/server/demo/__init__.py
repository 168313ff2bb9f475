"""The demo of a first start: a few downloads with versions and files, and the first administrator."""
