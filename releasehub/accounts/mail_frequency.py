"""The frequency of e-mails about new versions."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MailFrequency(models.TextChoices):
    AT_ONCE = "at_once", _("At once")
    DAILY = "daily", _("Daily digest")
    WEEKLY = "weekly", _("Weekly digest")
    NONE = "none", _("No e-mail")

    @property
    def is_digest(self) -> bool:
        return self in DIGESTS


DIGESTS = (MailFrequency.DAILY, MailFrequency.WEEKLY)
