"""Files of versions, and the stored bytes that they share.

In: bytes, parts of uploads, links and names. Out: a blob for each SHA-256, checked by `inspection`, and files that
refer to it. Start with `models`, and with `services/adding.py` for how a version gets a file.
"""
