"""Users, organizations with their members and roles, invitations, and the tables around signing in."""

from releasehub.accounts.models.invitation import Invitation
from releasehub.accounts.models.organization import Membership, Organization, Role
from releasehub.accounts.models.sign_in import (
    CompanyIdentity,
    OneTimeLink,
    OutgoingMail,
    SignedInBrowser,
    SignInCounter,
)
from releasehub.accounts.models.staff_role import StaffRole
from releasehub.accounts.models.user import User
