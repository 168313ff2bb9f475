"""Model fields that several apps share."""

from __future__ import annotations

import logging
from typing import Any

from django.db import models

from releasehub.core import encryption

log = logging.getLogger(__name__)


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database and plain in Python; it cannot be searched for.

    A value that no present key decrypts reads as empty, and the log says so: it has to be entered again.
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
            log.error("A value of %s cannot be decrypted under this SECRET_KEY. Enter it again.", self)
            return ""
