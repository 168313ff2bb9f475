"""The connection to the mail server. A message is sent only if the operator names a recipient."""

import smtplib
from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info
from django.core.mail import EmailMessage, get_connection

from releasehub.core.site import site_name, site_url
from releasehub.server.doctor.registry import register

HINT = "Check EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_HOST_USER and EMAIL_HOST_PASSWORD."


@register("mail")
def check_mail() -> Iterator[CheckMessage]:
    """Connect and sign in to the mail server, then disconnect."""
    if not settings.EMAIL_HOST:
        yield Info("EMAIL_HOST is not set, so the hub sends no e-mails.")
        return
    connection = get_connection()
    try:
        connection.open()
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        yield _failure(error)
    else:
        yield Info(f"The mail server {settings.EMAIL_HOST} accepts connections of the hub.")


def send_message(recipient: str) -> Iterator[CheckMessage]:
    """Send a message to the recipient whom the operator has named."""
    if not settings.EMAIL_HOST:
        yield Error("No message was sent, because EMAIL_HOST is not set.", hint="Set EMAIL_HOST to a mail server.")
        return
    text = f"This is a test message of {site_name()} at {site_url()}. Nothing has to be done."
    try:
        EmailMessage(f"Test message of {site_name()}", text, to=[recipient]).send()
    except (OSError, smtplib.SMTPException) as error:
        yield _failure(error)
    else:
        yield Info(f"The mail server accepted a message to {recipient}. Check that it arrives.")


def _failure(error: Exception) -> CheckMessage:
    cause = f"{type(error).__name__}: {error}"
    return Error(f"The mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT} failed. Cause: {cause}", hint=HINT)
