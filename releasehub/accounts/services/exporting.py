"""The use case that exports what the hub stores about a user."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction

from releasehub.accounts.models import CompanyIdentity, Invitation, Membership, User
from releasehub.accounts.personal_data import MAX_EXPORTED_ROWS, exporters
from releasehub.accounts.user_policies import user_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor

ACCOUNT_FIELDS = (
    *("username", "first_name", "last_name", "email", "date_joined", "last_login"),
    *("wants_sign_in_mail", "version_mail", "language", "time_zone"),
)


@transaction.atomic
def export_personal_data(*, actor: Actor, user: User) -> dict[str, Any]:
    """Return what the hub stores about the acting user. Secrets are left out. The export is recorded.

    Raises:
        Denied: The actor is not the user, or uses an API key.
    """
    user_policy.ensure("export", actor, user)
    data = {"account": _account_of(user)} | {name: export(user) for name, export in exporters.items()}
    data["audit_log"] = _audit_rows_of(user)
    audit.record(actor=actor, action=AuditAction.PERSONAL_DATA_EXPORT, target=user)
    return data


def _account_of(user: User) -> dict[str, Any]:
    memberships = Membership.objects.filter(user=user).values("organization__name", "role", "created_at")
    received = Invitation.objects.filter(user=user).values("kind", "created_at", "accepted_at", "declined_at")
    return {
        **{name: getattr(user, name) for name in ACCOUNT_FIELDS},
        "email_addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified")),
        "second_factors": list(Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at")),
        "signed_in_browsers": list(user.browsers.values("address", "user_agent", "created_at")[:MAX_EXPORTED_ROWS]),
        "company_accounts": list(CompanyIdentity.objects.filter(user=user).values("issuer", "subject", "created_at")),
        "memberships": list(memberships),
        "invitations": list(received[:MAX_EXPORTED_ROWS]),
    }


def _audit_rows_of(user: User) -> list[dict[str, Any]]:
    """Return the newest rows about what the user did."""
    rows = AuditEntry.objects.filter(actor_id=user.pk).order_by("-id")
    return list(rows.values("created_at", "action", "target_type", "target_label", "address")[:MAX_EXPORTED_ROWS])
