"""What a key may be used for. A scope narrows; the policy of the thing itself still decides. None implies another."""

from django.db import models


class Scope(models.TextChoices):
    DOWNLOAD_READ = "mc_dm_download:read", "Read downloads, versions and files"
    DOWNLOAD_WRITE = "mc_dm_download:write", "Create, change and soft-delete downloads, versions and files"
    DOWNLOAD_DELETE_HARD = "mc_dm_download:delete_hard", "Erase downloads, versions and files (with write)"
    CATEGORY_READ = "mc_dm_category:read", "Read categories"
    CATEGORY_WRITE = "mc_dm_category:write", "Create and change categories"
    CATEGORY_DELETE_HARD = "mc_dm_category:delete_hard", "Erase categories (with write)"
    RELEASE_READ = "release:read", "v3: read releases"
    RELEASE_WRITE = "release:write", "v3: create, change, publish and delete releases"
    PRODUCT_READ = "product:read", "v3: read products"
    PRODUCT_WRITE = "product:write", "v3: manage products"
    WEBHOOK_READ = "webhook:read", "Read webhook endpoints and deliveries"
    WEBHOOK_WRITE = "webhook:write", "Manage webhook endpoints"
    ENTITIES_PUBLISH = "entities:publish", "Entity: publish versions"
    ENTITIES_SHARE = "entities:share", "Entity: share inside the organisation"
    ENTITIES_SHARE_EXTERNAL = "entities:share_external", "Entity: share with anybody"
    ENTITIES_SHARE_STORE = "entities:share_store", "Entity: publish to the organisation's store"
    ORG_SETTINGS = "org:settings", "Organisation: change settings"
    MEMBERS_INVITE = "members:invite", "Organisation: add members"
    MEMBERS_REMOVE = "members:remove", "Organisation: remove members"
    MEMBERS_MANAGE_ROLES = "members:manage_roles", "Organisation: change roles"
    VERSION_READ = "version:read", "Engine: read versions"
    VERSION_WRITE = "version:write", "Engine: create and change versions"
