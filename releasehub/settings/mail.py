"""The SMTP server and the sender of notices."""

from environs import ValidationError

from releasehub.settings.environment import env
from releasehub.settings.security import PUBLIC_HOST


def _excludes_ssl(uses_tls: bool) -> None:
    if uses_tls and EMAIL_USE_SSL:
        raise ValidationError("EMAIL_USE_SSL is set too, but they exclude each other. Set one of them to 0.")


EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.number("EMAIL_PORT", 587, minimum=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL", default=False)
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=not EMAIL_USE_SSL, check=_excludes_ssl)
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"ReleaseHub <releasehub@{PUBLIC_HOST or 'localhost'}>")
