"""Saved filters and exports of the lists of the admin."""
