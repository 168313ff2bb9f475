"""The SMTP server and the sender of notices."""

from environs import ValidationError

from releasehub.settings.environment import env
from releasehub.settings.security import PUBLIC_HOST

env.section = "E-mail"


def _excludes_ssl(uses_tls: bool) -> None:
    if uses_tls and EMAIL_USE_SSL:
        raise ValidationError("EMAIL_USE_SSL is set too, but they exclude each other. Set one of them to 0.")


EMAIL_HOST = env.text("EMAIL_HOST", help="The SMTP server; without it, no e-mail is sent")
EMAIL_PORT = env.number("EMAIL_PORT", 587, minimum=1, help="The port of the SMTP server")
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", help="The user name at the SMTP server")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", help="The password at the SMTP server", secret=True)
EMAIL_USE_SSL = env.flag(
    "EMAIL_USE_SSL", default=False, help="`1`: TLS from the start of the connection, usually on port 465"
)
EMAIL_USE_TLS = env.flag(
    "EMAIL_USE_TLS",
    default=not EMAIL_USE_SSL,
    check=_excludes_ssl,
    help="`1`: STARTTLS. Set either this or `EMAIL_USE_SSL`",
    unset="`1`, unless `EMAIL_USE_SSL` is `1`",
)
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL",
    f"ReleaseHub <releasehub@{PUBLIC_HOST or 'localhost'}>",
    help="The sender",
    unset="`ReleaseHub <releasehub@…>` with the public host",
)
