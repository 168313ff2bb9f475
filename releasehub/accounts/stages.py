"""The steps of signing in that differ from those of django-allauth."""

from typing import Any

from allauth.account.stages import EmailVerificationStage

from releasehub.accounts.models import User
from releasehub.accounts.sign_up import awaits_confirmation


class ConfirmEmailStage(EmailVerificationStage):
    """Require that the address of the sign-up is confirmed before the first sign-in.

    Accounts that staff made, and those that add or change an address, are not held back.
    """

    def handle(self) -> Any:
        user = self.login.user
        if isinstance(user, User) and not awaits_confirmation(user):
            return None, True
        return super().handle()
