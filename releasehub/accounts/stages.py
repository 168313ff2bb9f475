"""The steps of signing in that differ from those of django-allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage


class ConfirmEmailStage(EmailVerificationStage):
    """Require that the address of the sign-up is confirmed before the first sign-in.

    Accounts that staff made, and those that change a confirmed address, are not held back.
    """

    def handle(self) -> Any:
        user = self.login.user
        if user is not None and (user.email or not EmailAddress.objects.filter(user=user, verified=False).exists()):
            return None, True
        return super().handle()
