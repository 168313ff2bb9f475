"""Signal handlers that record changes of second factors, and end sessions when a password changes."""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set, user_logged_in
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.dispatch import receiver
from django.http import HttpRequest

from releasehub.accounts.browsers import remember_browser, sign_out_everywhere
from releasehub.accounts.models import User
from releasehub.accounts.services.one_time_links import end_password_links
from releasehub.accounts.sign_in_notices import send_sign_in_notice
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.requests import web_actor


@receiver(signals.authenticator_added)
def record_added_factor(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _record(AuditAction.SECOND_FACTOR_ADD, request, user, authenticator)


@receiver(signals.authenticator_removed)
def record_removed_factor(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _record(AuditAction.SECOND_FACTOR_REMOVE, request, user, authenticator)


@receiver(signals.authenticator_reset)
def record_reset_factor(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _record(AuditAction.SECOND_FACTOR_RESET, request, user, authenticator)


@receiver(signals.authentication_failed)
def record_wrong_code(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    actor = web_actor(request)
    changes = {"factor": str(authenticator.type)}
    audit.record_refusal(actor=actor, action=AuditAction.SIGN_IN_FAILED, label=user.username, changes=changes)


@receiver([password_changed, password_set])
def end_other_sessions(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Keep only the session that changed the password. It has a new key since then."""
    end_password_links(user)
    remember_browser(request, user)
    actor = web_actor(request, user)
    sign_out_everywhere(actor=actor, user=user, except_session=request.session.session_key)


@receiver(user_logged_in)
def tell_user_about_sign_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    send_sign_in_notice(request, user)


@receiver(password_reset)
def end_all_sessions(request: HttpRequest, user: User, **kwargs: Any) -> None:
    end_password_links(user)
    actor = web_actor(request, user)
    sign_out_everywhere(actor=actor, user=user)


def _record(action: AuditAction, request: HttpRequest, user: User, authenticator: Authenticator) -> None:
    actor = web_actor(request, user)
    audit.record(actor=actor, action=action, target=user, changes={"factor": str(authenticator.type)})
