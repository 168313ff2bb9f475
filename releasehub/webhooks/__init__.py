"""Webhooks and the stream of events: what changed, for other programs.

In: an event in the transaction of the change. Out: signed deliveries that are repeated until they succeed, a log of the
attempts, and pages of the stream. Start with `services.py`, and with `events.py` for the kinds of events.
"""
