"""Make the passphrase of a vault and the passwords of users cheap to check.

Each command of a fault run opens a vault, which takes a fifth of a second otherwise, and a password of one of its users
takes half a second. `tests/operations/test_vault.py` tests what the passphrase is for.
"""

from django.conf import settings

from releasehub.operations.vault.passphrase import SCRYPT

SCRYPT["n"] = 2**10
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
