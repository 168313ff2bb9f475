from django.urls import URLPattern, re_path
from rest_framework.viewsets import ViewSetMixin

from releasehub.api.entity.entity_viewsets import EntitiesViewSet
from releasehub.api.entity.errors import entity_envelope
from releasehub.api.entity.member_viewsets import EntityMembersViewSet, EntityRolesViewSet
from releasehub.api.entity.organization_viewsets import EntityOrganizationsViewSet
from releasehub.api.entity.people_viewsets import EntityPublishersViewSet, EntitySharesViewSet
from releasehub.api.entity.store_viewsets import EntityStoreViewSet
from releasehub.api.entity.version_viewsets import EntityVersionsViewSet

ENTITY = r"entities/(?P<entity_id>[a-z0-9]{1,24})"
VERSION = r"versions/(?P<version_id>[a-z0-9]{1,24})"
USER = r"(?P<user_id>[a-z0-9]{1,24})"
ORGANIZATION = r"organizations/(?P<organization_id>[a-z0-9]{1,24})"
ROLE = r"roles/(?P<role_id>[a-z0-9]{1,24})"


def route(path: str, view: type[ViewSetMixin], **actions: str) -> URLPattern:
    """`actions`: verb -> method of the view."""
    return re_path(rf"^{path}$", view.as_view({**actions}))


urlpatterns = [
    route("entities", EntitiesViewSet, post="create"),
    route("entities/icon-upload-url", EntitiesViewSet, post="icon"),
    route("entities/shared-with-me", EntitySharesViewSet, get="received"),
    route("entities/shares", EntitySharesViewSet, get="made"),
    route(ENTITY, EntitiesViewSet, get="retrieve", put="update", delete="destroy"),
    route(f"{ENTITY}/details", EntitiesViewSet, get="details"),
    route(f"{ENTITY}/versions", EntityVersionsViewSet, get="list"),
    route(f"{ENTITY}/versions/upload-url", EntityVersionsViewSet, post="announce"),
    route(f"{ENTITY}/versions/confirm", EntityVersionsViewSet, post="confirm"),
    route(f"{ENTITY}/versions/active", EntityVersionsViewSet, get="active", put="activate"),
    route(f"{ENTITY}/{VERSION}", EntityVersionsViewSet, delete="destroy"),
    route(f"{ENTITY}/{VERSION}/download", EntityVersionsViewSet, get="download"),
    route(f"{ENTITY}/shares", EntitySharesViewSet, get="list", post="create"),
    route(rf"{ENTITY}/shares/(?P<share_id>[a-z0-9]{{1,24}})", EntitySharesViewSet, delete="destroy"),
    route(f"{ENTITY}/publishers", EntityPublishersViewSet, get="list", post="create"),
    route(f"{ENTITY}/publishers/{USER}", EntityPublishersViewSet, get="retrieve", delete="destroy"),
    route("organizations", EntityOrganizationsViewSet, get="list", post="create"),
    route(ORGANIZATION, EntityOrganizationsViewSet, get="retrieve"),
    route(f"{ORGANIZATION}/storage-config", EntityOrganizationsViewSet, get="storage", post="set_storage"),
    route(f"{ORGANIZATION}/store", EntityStoreViewSet, get="list", post="create", delete="destroy"),
    route(rf"{ORGANIZATION}/store/(?P<entity_id>[a-z0-9]{{1,24}})", EntityStoreViewSet, get="retrieve"),
    route(f"{ORGANIZATION}/members", EntityMembersViewSet, post="create"),
    route(f"{ORGANIZATION}/members/{USER}", EntityMembersViewSet, delete="destroy"),
    route(f"{ORGANIZATION}/members/{USER}/role", EntityMembersViewSet, put="update"),
    route(f"{ORGANIZATION}/roles", EntityRolesViewSet, get="list", post="create"),
    route(f"{ORGANIZATION}/{ROLE}", EntityRolesViewSet, get="retrieve", patch="partial_update", delete="destroy"),
    re_path(r"^(entities|organizations|deploys?|production-apps)(/.*)?$", entity_envelope.no_route),
]
