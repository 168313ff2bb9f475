"""The Django app of users and organizations."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "releasehub.accounts"

    def ready(self) -> None:
        from releasehub.accounts import security_signals, sign_in_signals, signals  # noqa: F401
        from releasehub.accounts.invitation_targets import register_invitation_target
        from releasehub.accounts.models import Invitation
        from releasehub.accounts.organization_invitations import OrganizationInvitations
        from releasehub.accounts.organization_possessions import POSSESSIONS
        from releasehub.accounts.personal_data import register_possession

        register_invitation_target(Invitation.Kind.ORGANIZATION, OrganizationInvitations())
        for possession in POSSESSIONS:
            register_possession(possession)
