"""API keys: secrets with scopes, by which programs act for a user.

In: a user with a wish for a key, or the secret in a request. Out: a key whose secret is shown once, or the key and the
user that the secret belongs to. Start with `services.py`, and with `scopes.py` for what a key may do.
"""
