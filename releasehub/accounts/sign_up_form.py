"""The form that creates an account."""

from typing import Any

from allauth.account.forms import SignupForm
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.forms import new_password_help, relabel
from releasehub.accounts.limits import count_mail_request, count_sign_up
from releasehub.accounts.models import User
from releasehub.accounts.services.creating import create_account
from releasehub.accounts.sign_up import (
    MAX_USERNAME_CHARACTERS,
    SESSION_TOKEN,
    USERNAME_RULE,
    admission_of,
    is_domain_allowed,
    validate_username,
)
from releasehub.core.domain_messages import translated
from releasehub.core.errors import TooMany
from releasehub.core.requests import actor_of, address_of, current_request


class SignUpForm(SignupForm):
    """A user name and a password, and an e-mail address if the hub can confirm it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        username = self.fields["username"]
        relabel(username, _("Username"), USERNAME_RULE)
        username.max_length = MAX_USERNAME_CHARACTERS
        username.validators.append(validate_username)
        self.fields["password1"].help_text = new_password_help()

    def clean_email(self) -> str:
        email: str = super().clean_email()
        request = current_request.get()
        is_invited = request is not None and admission_of(request) is not None
        if not is_invited and not is_domain_allowed(email):
            raise ValidationError(_("People with this e-mail domain cannot sign up here."))
        return email

    def validate_unique_email(self, value: str) -> str:
        """Note that the address has an account. The visitor is not told; the owner of the mailbox is."""
        same = Q(email__iexact=value) | Q(emailaddress__email=value, emailaddress__verified=True)
        self.account_already_exists = User.objects.filter(same).exists()
        return value

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if self.errors:
            return cleaned
        request = current_request.get()
        address = address_of(request) if request is not None else None
        try:
            count_sign_up(address)
            if email := cleaned.get("email"):
                count_mail_request(address, email)
        except TooMany as error:
            raise ValidationError(translated(error.message), code="too_many") from None
        return cleaned

    def try_save(self, request: HttpRequest) -> Any:
        """Create the account and forget the invitation that admitted the visitor."""
        saved = super().try_save(request)
        request.session.pop(SESSION_TOKEN, None)
        return saved

    def save(self, request: HttpRequest) -> User:
        return create_account(
            actor=actor_of(request),
            username=self.cleaned_data["username"],
            password=self.cleaned_data["password1"],
            email=self.cleaned_data.get("email", ""),
            admission=admission_of(request),
            token=request.session.get(SESSION_TOKEN, ""),
        )
