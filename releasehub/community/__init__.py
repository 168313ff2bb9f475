"""Comments, and reviews with ratings, that users write about downloads.

In: a user, a download and a text or a rating. Out: a comment or a review in its state, the counts of the download, an
audit row and an event. Start with `policies.py` for who may do what, and with `services/comments.py` for what happens.
"""
