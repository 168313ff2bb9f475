"""The base of the view sets of the entity dialect."""

from functools import cached_property
from typing import ClassVar

from rest_framework.request import Request

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.accounts.models import Organization
from releasehub.accounts.policies import organization_policy
from releasehub.api.common.viewsets import HubViewSet
from releasehub.api.entity.errors import EntityEnvelopeMixin
from releasehub.api.entity.loading import ENTITY_RELATIONS, load_icons
from releasehub.api.entity.schema import KINDS, EntitySchema
from releasehub.apikeys.requests import allows
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import Denied, Invalid
from releasehub.core.querysets import first_or_not_found, only_row
from versions.models import Version
from versions.policies import version_policy

ENTITY_SCOPES = (
    Scope.DOWNLOAD_READ,
    Scope.ENTITIES_PUBLISH,
    Scope.ENTITIES_SHARE,
    Scope.ENTITIES_SHARE_EXTERNAL,
    Scope.ENTITIES_SHARE_STORE,
)
ORGANIZATION_SCOPES = (
    *ENTITY_SCOPES,
    Scope.ORG_SETTINGS,
    Scope.MEMBERS_INVITE,
    Scope.MEMBERS_REMOVE,
    Scope.MEMBERS_MANAGE_ROLES,
)
FIELD_NAMES = {
    "number": "version",
    "title": "name",
    "kind": "type",
    "base_version": "base_version_id",
    "size_bytes": "file_size_bytes",
    "scopes": "scope_ids",
}


class EntityViewSet(EntityEnvelopeMixin, HubViewSet):
    """A view set without any open action.

    Attributes:
        reading_scopes: An action without a scope of its own needs one of these.
        delete_actions_with_body: DELETE actions that take a request body, for the OpenAPI schema.
    """

    schema = EntitySchema()
    open_actions = frozenset()
    security = ("bearerKey", "token", "apiKey")
    field_names = FIELD_NAMES
    reading_scopes: ClassVar[tuple[Scope, ...]] = ENTITY_SCOPES
    delete_actions_with_body: ClassVar[frozenset[str]] = frozenset()

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if not self.action or self.scopes_of(self.action):
            return
        if not any(allows(request.auth, scope) for scope in self.reading_scopes):  # type: ignore[arg-type]
            raise Denied(
                f"This key needs one of the scopes {', '.join(self.reading_scopes)}. Add a scope "
                "to the key, or use another key."
            )

    @cached_property
    def entity(self) -> Download:
        return self.find_entity(self.kwargs["entity_id"])

    @cached_property
    def organization(self) -> Organization:
        """The organization that the URL names, for its members only."""
        organization = self.find_organization()
        organization_policy.ensure("view", self.actor, organization)
        return organization

    def find_organization(self) -> Organization:
        """Return the organization that the URL names, whether or not the caller is a member."""
        rows = Organization.objects.filter(public_id=self.kwargs["organization_id"])
        return first_or_not_found(rows)

    def find_entity(self, public_id: str) -> Download:
        rows = Download.all_objects.entities().select_related(*ENTITY_RELATIONS)
        return download_policy.visible_or_not_found(self.actor, only_row(rows.filter(public_id=public_id)))

    def find_version(self, public_id: str) -> Version:
        """Return the version with this id, of the entity that the URL names."""
        rows = Version.all_objects.select_related("author", "base_version").filter(download=self.entity)
        version: Version = first_or_not_found(rows.filter(public_id=public_id))
        version.download = self.entity
        return version_policy.visible_or_not_found(self.actor, version)

    def get_kind_filter(self) -> str:
        """Return the parameter `type`, or an empty text for entities of all types."""
        kind = self.request.query_params.get("type", "")
        if kind and kind not in KINDS:
            raise Invalid(f"type must be one of {', '.join(KINDS)}.", field="type")
        return kind

    def with_icon(self, entity: Download) -> Download:
        """Return the entity with the URL of its icon, which the serializer reads."""
        load_icons([entity], self.base_url)
        return entity

    def absolute(self, url: str) -> str:
        """Return an absolute URL; the local storage signs paths."""
        return self.base_url + url if url.startswith("/") else url
