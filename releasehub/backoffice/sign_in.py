"""The sign-in page of the admin."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from releasehub.accounts.forms import SignInForm
from releasehub.accounts.models import User


class AdminSignInForm(SignInForm, AuthenticationForm):
    """The throttled sign-in form with the widgets of the admin's theme. Django's own widgets are invisible in it."""

    def confirm_login_allowed(self, user: User) -> None:
        """Reject a user whose password is right but who may not use the admin, and say why.

        Raises:
            ValidationError: The account is inactive or is not a staff account.
        """
        if user.is_active and not user.is_staff:
            message = f"The account {user} has no access to the administration. Sign in with another account."
            raise ValidationError(message, code="no_access")
        super().confirm_login_allowed(user)
