"""The scopes of API keys.

A scope limits what a key can be used for. The policy of the target still decides whether the actor may do it. No scope
includes another one.
"""

from django.db import models


class Scope(models.TextChoices):
    DOWNLOAD_READ = "mc_dm_download:read", "Read downloads, versions, files and comments"
    DOWNLOAD_WRITE = "mc_dm_download:write", "Create, change and soft-delete downloads, versions, files and comments"
    DOWNLOAD_DELETE_HARD = (
        "mc_dm_download:delete_hard",
        "Permanently delete downloads, versions, files and comments (with write)",
    )
    CATEGORY_READ = "mc_dm_category:read", "Read categories"
    CATEGORY_WRITE = "mc_dm_category:write", "Create and change categories"
    CATEGORY_DELETE_HARD = "mc_dm_category:delete_hard", "Permanently delete categories (with write)"
    RELEASE_READ = "release:read", "v3: read releases"
    RELEASE_WRITE = "release:write", "v3: create, change, publish and delete releases"
    PRODUCT_READ = "product:read", "v3: read products"
    PRODUCT_WRITE = "product:write", "v3: manage products"
    WEBHOOK_READ = "webhook:read", "Read webhook endpoints and deliveries"
    WEBHOOK_WRITE = "webhook:write", "Manage webhook endpoints"
    ENTITIES_PUBLISH = "entities:publish", "Entity: publish versions"
    ENTITIES_SHARE = "entities:share", "Entity: share within the organization"
    ENTITIES_SHARE_EXTERNAL = "entities:share_external", "Entity: share with anybody"
    ENTITIES_SHARE_STORE = "entities:share_store", "Entity: publish to the organization's store"
    ORG_SETTINGS = "org:settings", "Organization: change settings"
    MEMBERS_INVITE = "members:invite", "Organization: add members"
    MEMBERS_REMOVE = "members:remove", "Organization: remove members"
    MEMBERS_MANAGE_ROLES = "members:manage_roles", "Organization: change roles"
    VERSION_READ = "version:read", "Engine: read versions"
    VERSION_WRITE = "version:write", "Engine: create and change versions"
