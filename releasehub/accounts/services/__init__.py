"""Use cases of organizations, their members and their roles."""

from releasehub.accounts.services.invitation_answers import accept_invitation, decline_invitation
from releasehub.accounts.services.invitations import (
    end_invitations,
    find_by_token,
    find_invitation,
    hand_out_link,
    invite,
    pending_invitations_of_organization,
    revoke_invitation,
)
from releasehub.accounts.services.members import add_member, change_role, find_member, make_owner, remove_member
from releasehub.accounts.services.organizations import (
    PLATFORM,
    choose_storage,
    create_organization,
    delete_organization,
    lock_organization,
    update_organization,
)
from releasehub.accounts.services.roles import create_role, delete_role, update_role
