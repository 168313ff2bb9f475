"""The audit log: an append-only row for each change, in a hash chain, and its export to other systems.

In: an actor, an action, a target and the changes. Out: a row in the same transaction, a verified chain, and rows that
sinks have received. Start with `services.py`, and with `actions.py` for what is recorded.
"""
