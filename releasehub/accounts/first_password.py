"""The password of the first start, in a file of the data directory until the administrator signs in.

It is printed only once, and the output may go to a pipe whose reader has ended, or to a log that was deleted.
"""

import os
from contextlib import suppress
from pathlib import Path

from django.conf import settings


def first_password_file() -> Path:
    return Path(settings.DATA_DIR) / "first_password"


def store_first_password(username: str, password: str) -> None:
    """Store the password in a file that only the user of the hub can read.

    Raises:
        OSError: The data directory is full or not writable.
    """
    path = first_password_file()
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(f"User:     {username}\nPassword: {password}\n")


def delete_first_password() -> None:
    """Delete the file, once an administrator has signed in or has another password."""
    with suppress(OSError):  # a hub without a writable data directory has no such file
        first_password_file().unlink(missing_ok=True)
