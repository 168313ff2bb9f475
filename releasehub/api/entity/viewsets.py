"""What the view sets of the dialect share."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.accounts.models import Organization
from releasehub.accounts.policies import organization_policy
from releasehub.api.common.viewsets import HubViewSet
from releasehub.api.entity.errors import EntityEnvelopeMixin
from releasehub.api.entity.loading import WITH_ICON, dress_entities
from releasehub.api.entity.schema import KINDS, EntitySchema
from releasehub.apikeys.requests import allows
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import Denied, ErrorCode, Invalid, NotFound
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
    """Nothing is open without a key. What only reads needs any one of `reading_scopes`."""

    schema = EntitySchema()
    open_actions = frozenset()
    security = ("bearerKey", "token", "apiKey")
    field_names = FIELD_NAMES
    reading_scopes: ClassVar[tuple[Scope, ...]] = ENTITY_SCOPES
    bodies_of_delete: ClassVar[frozenset[str]] = frozenset()

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)
        if not self.action or self.scopes_of(self.action):
            return
        if not any(allows(request.auth, scope) for scope in self.reading_scopes):  # type: ignore[arg-type]
            raise Denied(f"This key needs one of the scopes {', '.join(self.reading_scopes)}.")

    @cached_property
    def entity(self) -> Download:
        """The entity of the address.  Errors: NotFound."""
        return self.visible_entity(self.kwargs["entity_id"])

    @cached_property
    def organization(self) -> Organization:
        """The organisation of the address, for its members.  Errors: NotFound."""
        organization = self.any_organization()
        organization_policy.ensure("view", self.actor, organization)
        return organization

    def any_organization(self) -> Organization:
        found = Organization.objects.filter(public_id=self.kwargs["organization_id"]).first()
        if found is None:
            raise NotFound
        return found  # type: ignore[no-any-return]

    def visible_entity(self, public_id: str) -> Download:
        """Errors: NotFound."""
        rows = Download.all_objects.entities().select_related(*WITH_ICON)
        entity: Download | None = rows.filter(public_id=public_id).first()
        if entity is None or not download_policy.can_view(self.actor, entity):
            raise NotFound
        return entity

    def visible_version(self, public_id: str) -> Version:
        """Of the entity of the address.  Errors: NotFound."""
        rows = Version.all_objects.select_related("author", "base_version").filter(download=self.entity)
        version: Version | None = rows.filter(public_id=public_id).first()
        if version is None:
            raise NotFound
        version.download = self.entity
        if not version_policy.can_view(self.actor, version):
            raise NotFound
        return version

    def wanted_kind(self) -> str:
        """The filter `type`; empty for all.  Errors: Invalid."""
        kind = self.request.query_params.get("type", "")
        if kind and kind not in KINDS:
            raise Invalid(ErrorCode.INVALID, f"type is one of {', '.join(KINDS)}.", field="type")
        return kind

    def show_entity(self, entity: Download) -> Download:
        dress_entities([entity], self.base_url)
        return entity

    def absolute(self, url: str) -> str:
        return self.base_url + url if url.startswith("/") else url

    def nothing(self) -> Response:
        return Response(status=204)
