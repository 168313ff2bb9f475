"""Secrets, host names, sign-in, HTTPS and the proxies in front of the hub."""

from urllib.parse import urlsplit

from environs import validate

from releasehub.settings.data import DATA_DIR
from releasehub.settings.environment import MIN_SECRET_KEY_CHARACTERS, env, fallback_url
from releasehub.settings.site import LOGO_ORIGIN

SECRET_KEY = env.text(
    "SECRET_KEY",
    check=validate.Length(
        min=MIN_SECRET_KEY_CHARACTERS, error="Set it to a random value of at least {min} characters, or unset it."
    ),
) or env.stored_secret_key("RELEASEHUB_DATA_DIR", str(DATA_DIR))
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")

PUBLIC_URL: str = env.public_url("RELEASEHUB_PUBLIC_URL", "") or ""
PUBLIC_HOST = urlsplit(PUBLIC_URL).hostname or ""
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]") + ([PUBLIC_HOST] if PUBLIC_HOST else [])
WEB_PORT = env.text("PORT", "8000")
FALLBACK_URL, IS_FALLBACK_URL_KNOWN = fallback_url(
    ALLOWED_HOSTS, is_https=env.flag("SECURE_SSL_REDIRECT", default=False), port=WEB_PORT
)
CSRF_FAILURE_VIEW = "releasehub.pages.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS") + ([PUBLIC_URL] if PUBLIC_URL else [])

AUTH_USER_MODEL = "accounts.User"
AUDIT_KEY = env.text("RELEASEHUB_AUDIT_KEY")  # SECRET_KEY is used if it is empty
AUTHENTICATION_BACKENDS = ["releasehub.accounts.backends.ThrottledBackend"]
SIGN_IN_ATTEMPTS = env.number("RELEASEHUB_SIGN_IN_ATTEMPTS", 10, minimum=1)
LOGIN_URL = "pages:sign-in"
LOGIN_REDIRECT_URL = "pages:account"
LOGOUT_REDIRECT_URL = "pages:front"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# The hub has no TLS itself. With an https public URL, a proxy terminates TLS and sets X-Forwarded-Proto.
IS_HTTPS = urlsplit(PUBLIC_URL).scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=IS_HTTPS)
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 31536000 if IS_HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.flag("SECURE_HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # PageCsrfMiddleware extends Django's CSRF middleware, which the check does not recognize
    "security.W005",  # subdomains and the preload list affect other servers of the domain, so the operator decides
    "security.W021",
]
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES: list[str] = env.networks("RELEASEHUB_TRUSTED_PROXIES", "") or []
IS_BEHIND_PROXY = env.flag("RELEASEHUB_BEHIND_PROXY", default=bool(TRUSTED_PROXIES))
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
