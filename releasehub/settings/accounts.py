"""Accounts: who may sign up, and how django-allauth signs people in, confirms them and mails them."""

from releasehub.settings.environment import env
from releasehub.settings.mail import EMAIL_HOST

env.section = "Accounts"

SIGN_UP = env.choice(
    "RELEASEHUB_SIGN_UP",
    "closed",
    ["closed", "invitation", "open"],
    help=("Who may create an account: `closed`, `invitation` or `open`. See [accounts](accounts.md#who-may-sign-up)"),
)
SIGN_UP_DOMAINS = tuple(
    item.lower().lstrip("@")
    for item in env.items(
        "RELEASEHUB_SIGN_UP_DOMAINS",
        help="Domains of e-mail addresses that may sign up, comma-separated; needs `EMAIL_HOST`",
        unset="all",
    )
)
RESERVED_USERNAMES = frozenset(
    item.lower()
    for item in env.items(
        "RELEASEHUB_RESERVED_USERNAMES", help="More user names that users cannot choose, comma-separated"
    )
)

OIDC_ISSUER: str = env.issuer(
    "RELEASEHUB_OIDC_ISSUER",
    "",
    help="Sign-in with OpenID Connect: the URL of the issuer. See [accounts](accounts.md#openid-connect)",
)
OIDC_CLIENT_ID = env.text("RELEASEHUB_OIDC_CLIENT_ID", help="The client id that the issuer gave you")
OIDC_CLIENT_SECRET = env.text(
    "RELEASEHUB_OIDC_CLIENT_SECRET", help="The client secret that the issuer gave you", secret=True
)
OIDC_NAME = env.text(
    "RELEASEHUB_OIDC_NAME", "company account", help="The name of the provider on the button: *Sign in with your …*"
)
OIDC_SCOPES = env.text(
    "RELEASEHUB_OIDC_SCOPES",
    "openid profile email",
    help="Scopes, separated by spaces. Some providers need one more for groups",
)
OIDC_DOMAINS = frozenset(
    item.lower().lstrip("@")
    for item in env.items(
        "RELEASEHUB_OIDC_DOMAINS",
        help="Domains of verified e-mail addresses that may sign in, comma-separated",
        unset="all",
    )
)
OIDC_GROUPS = frozenset(
    env.items(
        "RELEASEHUB_OIDC_GROUPS", help="Values of the claim `groups` that may sign in, comma-separated", unset="all"
    )
)
OIDC_CREATES_ACCOUNTS = (
    env.choice(
        "RELEASEHUB_OIDC_ACCOUNTS", "create", ["create", "link"], help="`link`: only people with an account may sign in"
    )
    == "create"
)

ACCOUNT_ADAPTER = "releasehub.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}  # the sign-in form finds the user name of an e-mail address itself
# Without a mail server, no address can be confirmed, so the form does not ask for one.
ACCOUNT_SIGNUP_FIELDS = [*(["email*"] if EMAIL_HOST else []), "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if EMAIL_HOST else "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = bool(EMAIL_HOST)
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = False  # the counters of allauth can be evicted; releasehub.accounts counts in the database
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # also for a first password, which could then confirm everything else
ACCOUNT_REAUTHENTICATION_METHODS = ["password", "mfa"]
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_FORMS = {
    "signup": "releasehub.accounts.sign_up_form.SignUpForm",
    "login": "releasehub.accounts.forms.SignInForm",
    "change_password": "releasehub.accounts.forms.ChangePasswordForm",
    "set_password": "releasehub.accounts.forms.SetPasswordForm",
    "reset_password": "releasehub.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "releasehub.accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "releasehub.accounts.forms.ConfirmPasswordForm",
}
MFA_ADAPTER = "releasehub.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an account whose address is not confirmed cannot sign in anyway
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "releasehub.accounts.second_factor_forms.AuthenticateForm",
    "reauthenticate": "releasehub.accounts.second_factor_forms.ReauthenticateForm",
    "activate_totp": "releasehub.accounts.second_factor_forms.ActivateForm",
    "login_webauthn": "releasehub.accounts.second_factor_forms.LoginPasskeyForm",
    "authenticate_webauthn": "releasehub.accounts.second_factor_forms.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": "releasehub.accounts.second_factor_forms.ReauthenticatePasskeyForm",
    "add_webauthn": "releasehub.accounts.second_factor_forms.AddPasskeyForm",
}
