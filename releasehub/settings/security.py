"""Secrets, host names, sign-in, HTTPS and the proxies in front of the hub."""

from urllib.parse import urlsplit

from environs import validate

from releasehub.settings.data import DATA_DIR
from releasehub.settings.environment import MIN_SECRET_KEY_CHARACTERS, env, fallback_url
from releasehub.settings.site import LOGO_ORIGIN

env.section = "Host names, HTTPS and secrets"

SECRET_KEY = env.text(
    "SECRET_KEY",
    check=validate.Length(
        min=MIN_SECRET_KEY_CHARACTERS, error="Set it to a random value of at least {min} characters, or unset it."
    ),
    help="At least 32 characters",
    unset="generated and stored in the data directory",
    secret=True,
    file="secret_key",
) or env.stored_secret_key("RELEASEHUB_DATA_DIR", str(DATA_DIR), help="")
SECRET_KEY_FALLBACKS = env.items(
    "SECRET_KEY_FALLBACKS", help="Earlier keys, comma-separated: values signed with them stay valid", secret=True
)

PUBLIC_URL: str = env.public_url(
    "RELEASEHUB_PUBLIC_URL",
    "",
    help=(
        "Scheme and host name of absolute links, without a path. The start warns if it is not set and "
        "`ALLOWED_HOSTS` has a wildcard or several names. `https://…` also turns on secure cookies, HSTS "
        "and the redirect to HTTPS; the proxy that terminates TLS has to send `X-Forwarded-Proto`"
    ),
    unset="from the request; in webhooks and e-mails the only name in `ALLOWED_HOSTS`, or else `http://localhost:PORT`",
)
PUBLIC_HOST = urlsplit(PUBLIC_URL).hostname or ""
ALLOWED_HOSTS = env.items(
    "ALLOWED_HOSTS",
    "localhost,127.0.0.1,[::1]",
    help="Host names that are accepted, comma-separated, besides that of the public URL",
) + ([f"[{PUBLIC_HOST}]" if ":" in PUBLIC_HOST else PUBLIC_HOST] if PUBLIC_HOST else [])
WEB_PORT = env.text("PORT", "8000", help="Port of `make run`")
WEB_HOST = env.text("HOST", "127.0.0.1", help="IP address on which `make run` listens")
# The hub has no TLS itself. With an https public URL, a proxy terminates TLS and sets X-Forwarded-Proto.
IS_HTTPS = urlsplit(PUBLIC_URL).scheme == "https"
SECURE_SSL_REDIRECT = env.flag(
    "SECURE_SSL_REDIRECT",
    default=IS_HTTPS,
    help="`0`: do not redirect plain HTTP requests, for a proxy that redirects them itself",
    unset="`1` with an https public URL",
)
FALLBACK_URL, IS_FALLBACK_URL_KNOWN = fallback_url(ALLOWED_HOSTS, is_https=SECURE_SSL_REDIRECT, port=WEB_PORT)
CSRF_FAILURE_VIEW = "releasehub.pages.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = env.items(
    "CSRF_TRUSTED_ORIGINS", help="Origins whose forms are accepted, comma-separated, in addition to the public URL"
) + ([PUBLIC_URL] if PUBLIC_URL else [])

AUTH_USER_MODEL = "accounts.User"
AUDIT_KEY = env.text(
    "RELEASEHUB_AUDIT_KEY",
    help="Key of the audit chain; store it outside the database and its backups",
    unset="derived from `SECRET_KEY`",
    secret=True,
)  # SECRET_KEY is used if it is empty
AUTHENTICATION_BACKENDS = ["releasehub.accounts.backends.ThrottledBackend"]
SIGN_IN_ATTEMPTS = env.number(
    "RELEASEHUB_SIGN_IN_ATTEMPTS",
    10,
    minimum=1,
    help=(
        "Wrong passwords that one network may send in 15 minutes for one account; five times as many "
        "over all accounts. See [Sign-in limits](operating.md#sign-in-limits)"
    ),
)
LOGIN_URL = "pages:sign-in"
LOGIN_REDIRECT_URL = "pages:account"
LOGOUT_REDIRECT_URL = "pages:front"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "sessionid", "csrftoken"
# A request with one of these belongs to one visitor; the last one holds Django's messages until they are shown.
CREDENTIAL_COOKIES = frozenset({SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, "messages"})
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = env.number(
    "SECURE_HSTS_SECONDS",
    31536000 if IS_HTTPS else 0,
    help="Lifetime of the HSTS header; `0`: no header",
    unset="one year with an https public URL",
)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag(
    "SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False, help="`1`: extend HSTS to every subdomain"
)
SECURE_HSTS_PRELOAD = env.flag(
    "SECURE_HSTS_PRELOAD", default=False, help="`1`: allow an entry in the preload list of browsers"
)
SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # PageCsrfMiddleware extends Django's CSRF middleware, which the check does not recognize
    "security.W005",  # subdomains and the preload list affect other servers of the domain, so the operator decides
    "security.W021",
]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES: list[str] = env.networks(
    "RELEASEHUB_TRUSTED_PROXIES",
    "",
    help=(
        "Networks of the proxies in front, comma-separated. `X-Forwarded-For` is used only if one of "
        "them sends it, and addresses of proxies in it are skipped. Implies `RELEASEHUB_BEHIND_PROXY`"
    ),
)
IS_BEHIND_PROXY = env.flag(
    "RELEASEHUB_BEHIND_PROXY",
    default=bool(TRUSTED_PROXIES),
    help=(
        "`1`: trust `X-Forwarded-Proto` and the last address of `X-Forwarded-For`, which the proxy in front has to set"
    ),
    unset="`1` with trusted proxies",
)
if IS_BEHIND_PROXY or IS_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", *filter(None, [LOGO_ORIGIN])],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
