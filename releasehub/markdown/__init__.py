"""Markdown that users write: text comes in, safe HTML within limits goes out. Start with `rendering.py`."""
