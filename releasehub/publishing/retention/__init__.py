"""Retention rules: which old versions they select, how they are changed, previewed and applied on schedule."""
