"""The moderation queue: everything that waits for a moderator in one list, with its decisions and assignments.

In: what other apps hold back, and the decision of a moderator with a note. Out: the call of the service that the app
offers for it, a verdict that the author reads, an audit row and an e-mail. Start with `kinds.py`.
"""
