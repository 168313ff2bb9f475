"""Signal handlers that record sign-ins, sign-outs and failed attempts in the audit log."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from releasehub.accounts.backends import TOO_MANY
from releasehub.accounts.browsers import remember_browser
from releasehub.accounts.first_password import delete_first_password
from releasehub.accounts.models import User
from releasehub.accounts.preferences import carry_preferences
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, Origin
from releasehub.core.requests import web_actor


@receiver(user_login_failed)
def record_failed_sign_in(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    if request is not None and request.META.get(TOO_MANY):
        return  # the password was not compared, and the attempts that led to the limit are in the log
    audit.record_refusal(
        actor=Actor(origin=Origin.WEB) if request is None else web_actor(request),
        action=AuditAction.SIGN_IN_FAILED,
        label=str(credentials.get("username", "")),
    )


@receiver(user_logged_in)
def record_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    actor = web_actor(request, user)
    audit.record(actor=actor, action=AuditAction.SIGN_IN, target=user)
    if user.is_superuser:
        delete_first_password()
    remember_browser(request, user)
    carry_preferences(request, user)


@receiver(user_logged_out)
def record_sign_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        actor = web_actor(request, user)
        audit.record(actor=actor, action=AuditAction.SIGN_OUT, target=user)
