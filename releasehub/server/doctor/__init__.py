"""Checks of a running hub and of everything around it, for `manage.py doctor`: one module for each family of checks."""
