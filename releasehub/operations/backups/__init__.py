"""Backups of a hub.

In: the hub and a vault. Out: a complete backup, or the hub again from it, and a proof that both have the same content.
Start with `creating.py`, then `restoring.py`; `manifest.py` describes what a backup consists of.
"""
