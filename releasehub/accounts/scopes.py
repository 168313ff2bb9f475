"""What members may do in the name of an organisation: a role is a set of these. Keys have scopes of the same names."""

from __future__ import annotations

from django.db import models


class OrganizationScope(models.TextChoices):
    ENTITIES_PUBLISH = "entities:publish", "Create and manage entities"
    ENTITIES_SHARE = "entities:share", "Share with members of the same organisation"
    ENTITIES_SHARE_EXTERNAL = "entities:share_external", "Share with people outside"
    ENTITIES_SHARE_STORE = "entities:share_store", "Publish to the organisation's store"
    ORG_SETTINGS = "org:settings", "Change settings"
    MEMBERS_INVITE = "members:invite", "Add members"
    MEMBERS_REMOVE = "members:remove", "Remove members"
    MEMBERS_MANAGE_ROLES = "members:manage_roles", "Change roles, and who has which"


ALL_SCOPES = frozenset(OrganizationScope.values)
