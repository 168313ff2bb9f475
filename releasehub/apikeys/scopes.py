"""The scopes of API keys.

A scope limits what a key can be used for. The policy of the target still decides whether the actor may do it. No scope
includes another one.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    DOWNLOAD_READ = "mc_dm_download:read", _("Read downloads, versions, files and comments")
    DOWNLOAD_WRITE = "mc_dm_download:write", _("Create, change and soft-delete downloads, versions, files and comments")
    DOWNLOAD_DELETE_HARD = (
        "mc_dm_download:delete_hard",
        _("Permanently delete downloads, versions, files and comments (with write)"),
    )
    CATEGORY_READ = "mc_dm_category:read", _("Read categories")
    CATEGORY_WRITE = "mc_dm_category:write", _("Create and change categories")
    CATEGORY_DELETE_HARD = "mc_dm_category:delete_hard", _("Permanently delete categories (with write)")
    RELEASE_READ = "release:read", _("v3: read releases")
    RELEASE_WRITE = "release:write", _("v3: create, change, publish and delete releases")
    PRODUCT_READ = "product:read", _("v3: read products")
    PRODUCT_WRITE = "product:write", _("v3: manage products")
    WEBHOOK_READ = "webhook:read", _("Read webhook endpoints and deliveries")
    WEBHOOK_WRITE = "webhook:write", _("Manage webhook endpoints")
    ENTITIES_PUBLISH = "entities:publish", _("Entity: publish versions")
    ENTITIES_SHARE = "entities:share", _("Entity: share within the organization")
    ENTITIES_SHARE_EXTERNAL = "entities:share_external", _("Entity: share with anybody")
    ENTITIES_SHARE_STORE = "entities:share_store", _("Entity: publish to the organization's store")
    ORG_SETTINGS = "org:settings", _("Organization: change settings")
    MEMBERS_INVITE = "members:invite", _("Organization: add members")
    MEMBERS_REMOVE = "members:remove", _("Organization: remove members")
    MEMBERS_MANAGE_ROLES = "members:manage_roles", _("Organization: change roles")
    VERSION_READ = "version:read", _("Engine: read versions")
    VERSION_WRITE = "version:write", _("Engine: create and change versions")
    VERSION_MARK_SECURITY = "version:mark_security", _("Mark versions as security releases, which pass cooldowns")
    PEOPLE_READ = "people:read", _("Read invitations to downloads")
    PEOPLE_WRITE = "people:write", _("Give downloads to others, and answer and revoke invitations to downloads")
    ACCESS_KEY_READ = "access_key:read", _("Read the names and limits of access keys and preview links")
    ACCESS_KEY_WRITE = "access_key:write", _("Issue and revoke access keys and preview links")
