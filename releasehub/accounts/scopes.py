"""The scopes of organization members. A role is a set of scopes. API keys have scopes with the same names."""

from django.db import models


class OrganizationScope(models.TextChoices):
    ENTITIES_PUBLISH = "entities:publish", "Create and manage entities"
    ENTITIES_SHARE = "entities:share", "Share with members of the same organization"
    ENTITIES_SHARE_EXTERNAL = "entities:share_external", "Share with people outside the organization"
    ENTITIES_SHARE_STORE = "entities:share_store", "Publish to the organization's store"
    ORG_SETTINGS = "org:settings", "Change the settings of the organization"
    MEMBERS_INVITE = "members:invite", "Add members"
    MEMBERS_REMOVE = "members:remove", "Remove members"
    MEMBERS_MANAGE_ROLES = "members:manage_roles", "Manage roles and assign them to members"


ALL_SCOPES = frozenset(OrganizationScope.values)
