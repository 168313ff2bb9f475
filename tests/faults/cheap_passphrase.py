"""Make the passphrase of a vault cheap to check, because each command of a fault run opens one.

That takes a fifth of a second otherwise. `tests/operations/test_vault.py` tests what it is for.
"""

from releasehub.operations.vault.passphrase import SCRYPT

SCRYPT["n"] = 2**10
