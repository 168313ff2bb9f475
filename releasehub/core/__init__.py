"""Shared code that belongs to no other room: the actor, errors, policies, locks, caches, SQL templates and logs.

This room imports nothing of the project. Start with `actor.py` and `errors.py`. Code that only one room needs belongs
there, not here.
"""
