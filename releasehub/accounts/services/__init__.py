"""Use cases of organizations, their members and their roles."""

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

__all__ = [
    "PLATFORM",
    "add_member",
    "change_role",
    "choose_storage",
    "create_organization",
    "create_role",
    "delete_organization",
    "delete_role",
    "find_member",
    "lock_organization",
    "make_owner",
    "remove_member",
    "update_organization",
    "update_role",
]
