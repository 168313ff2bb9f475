"""Sign-in failures go to the audit log; Django tells of them by a signal only."""

from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from releasehub.accounts.backends import TOO_MANY
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, Channel
from releasehub.core.requests import origin_of


@receiver(user_login_failed)
def record_failed_sign_in(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    if request is not None and request.META.get(TOO_MANY):
        return  # refused untried: the attempts before it are in the log
    origin = origin_of(request) if request is not None else {}
    audit.record(
        actor=Actor(channel=Channel.WEB, **origin),
        action=AuditAction.SIGN_IN_FAILED,
        label=str(credentials.get("username", "")),
    )
