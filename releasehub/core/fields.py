"""Model fields that several apps share."""

import logging
from typing import Any

from django.db import models

from releasehub.core import encryption

log = logging.getLogger(__name__)


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database and plain in Python. Queries cannot filter by it.

    A value that no configured key can decrypt is read as an empty string, and logged: somebody has to enter it again.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return encryption.encrypt(text) if text and not encryption.is_encrypted(text) else text

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if not value or not encryption.is_encrypted(value):
            return value
        try:
            return encryption.decrypt(value)
        except encryption.DecryptionError:
            log.error("A value of %s cannot be decrypted with the current SECRET_KEY. Enter the value again.", self)
            return ""
