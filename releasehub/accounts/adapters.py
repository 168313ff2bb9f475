"""The hooks of django-allauth: who may sign up, which limits hold, and how e-mails and secrets are handled."""

from contextlib import nullcontext
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.backends import TOO_MANY
from releasehub.accounts.browsers import describe_browser, user_agent_of
from releasehub.accounts.company.confirming import COMPANY_METHOD, recently_signed_in_at_company
from releasehub.accounts.company.services import is_connected
from releasehub.accounts.limits import count_mail_request
from releasehub.accounts.mail_queue import queue_mail
from releasehub.accounts.models import User
from releasehub.accounts.preferences import reading_as
from releasehub.accounts.services.saving import save_account
from releasehub.accounts.sign_up import RESERVED_NAME, is_open_for, is_reserved
from releasehub.core.encryption import decrypt, encrypt
from releasehub.core.errors import TooMany
from releasehub.core.requests import address_of
from releasehub.core.site import site_name, site_url

MAX_SECONDS_SHOWN = 120  # longer waits are shown in minutes


class AccountAdapter(DefaultAccountAdapter):
    """Connect allauth to the sign-in limits, the queue of e-mails and the sign-up policy of the hub."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _(
            "Please enter a correct username and password. Note that both fields may be case-sensitive."
        ),
        "enter_current_password": _("This is not your current password."),
        "username_blacklisted": RESERVED_NAME,
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request) or ""

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Raise the error that says how long to wait, if the attempt was refused before the password was compared."""
        if wait := request.META.get(TOO_MANY):
            raise too_many_attempts(wait)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return is_open_for(request)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        if is_reserved(username):
            raise self.validation_error("username_blacklisted")
        return super().clean_username(username, shallow)

    def set_password(self, user: Any, password: str) -> None:
        """Change the password, and nothing else of the account."""
        user.set_password(password)
        save_account(user, ["password"])

    def get_login_stages(self) -> list[str]:
        """Return the steps of signing in. Only an address from the sign-up form has to be confirmed first."""
        own, theirs = "releasehub.accounts.stages.ConfirmEmailStage", "allauth.account.stages.EmailVerificationStage"
        return [own if path == theirs else path for path in super().get_login_stages()]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether the user has to confirm. Users without any way to do so cannot.

        allauth looks for its own methods only, so a confirmation at the provider of the company is looked up here.
        """
        is_required: bool = super().is_reauthentication_required(app=app, **kwargs)
        ids = {method["id"] for method in self.get_reauthentication_methods(self.request.user)} if is_required else ()
        return bool(ids) and not (COMPANY_METHOD in ids and recently_signed_in_at_company(self.request))

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return how the user can confirm. The provider of the company counts for users who have nothing else.

        For everybody else, the account at the provider would otherwise be enough to remove a second factor.
        """
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not methods and user.is_authenticated and is_connected(user):
            return [{"id": COMPANY_METHOD, "description": "", "url": reverse("pages:company-confirm")}]
        return methods

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _separator, token = key.partition("-")
        return site_url() + reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return site_url() + reverse("account_confirm_email", args=[emailconfirmation.key])

    def should_send_confirmation_mail(self, request: HttpRequest, email_address: EmailAddress, signup: bool) -> bool:
        """Return whether to send the link. A sign-up is counted by its form, and every other request here."""
        try:
            if not signup:
                count_mail_request(address_of(request), email_address.email)
        except TooMany:
            return False
        return True

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Send the link to the address of the account.

        PostgreSQL ignores the case of more letters than the mail servers of the internet do. It finds
        `ann@mail.example` when somebody enters the address with a dotless i, whose domain can belong to a stranger.
        """
        super().send_password_reset_mail(user, user.email, context)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render an e-mail and queue it. Its links never use the host of the request, which a caller can choose."""
        context = {"email": email, "site_name": site_name(), "site_url": site_url(), **context}
        user = context.get("user")
        # A stranger may have caused the e-mail, so the preference of the user comes first.
        with reading_as(user) if user and user.language else nullcontext():
            message = self.render_mail(template_prefix, email, context)
        queue_mail(email, str(message.subject), str(message.body))

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        recipient = email or user.email
        if not recipient or not app_settings.EMAIL_NOTIFICATIONS:
            return
        origin = {
            "timestamp": timezone.now(),
            "ip": self.get_client_ip(self.request),
            "browser": describe_browser(user_agent_of(self.request)),
        }
        self.send_mail(template_prefix, recipient, origin | (context or {}))


class SecondFactorAdapter(DefaultMFAAdapter):
    """Encrypt the secrets of second factors, and name the hub in authenticator apps."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """Suggest the browser as the name of a passkey, because most passkeys live on its device."""
        return describe_browser(user_agent_of(context.request)) or gettext("Passkey")

    def get_totp_issuer(self) -> str:
        return site_name()

    def _get_site_name(self) -> str:
        return site_name()

    def _get_user_identifier(self, user: Any) -> str:
        return User.get_username(user)


def too_many_attempts(seconds: int) -> ValidationError:
    """Return the error of an attempt that was refused before the password or the code was compared."""
    if seconds >= MAX_SECONDS_SHOWN:
        wait = gettext("%(number)s minutes") % {"number": -(-seconds // 60)}
    else:
        wait = ngettext("%(number)s second", "%(number)s seconds", seconds) % {"number": seconds}
    return ValidationError(
        _("Too many failed attempts. Try again in %(wait)s."), code="too_many", params={"wait": wait}
    )
