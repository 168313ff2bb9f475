"""Take in bytes: from a request, in parts straight to storage, or from a link.

In: a request body, parts that a client sent to storage, or a URL. Out: a stored blob and a file of a version, or a
refusal with nothing left behind. Start with `sessions.py` for uploads straight to storage, and with `intake.py` for
what happens to bytes that have arrived.
"""
