"""The encrypted target of backups.

In: a folder or s3://bucket/folder, a passphrase, and streams of bytes under names. Out: encrypted objects that exist
completely or not at all, and their content again, checked. Start with `vault.py`; `streams.py` has the encryption.
"""
