"""Markdown that users write, rendered as safe HTML within limits."""
