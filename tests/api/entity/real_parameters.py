from typing import Any

from downloads.models import Download
from downloads.services import entity_category, set_team_member, share_download
from files.models import File
from releasehub.accounts.models import Membership
from tests.factories import make_organization, make_user, system

PREFIXES = ("/api/entities", "/api/organizations")


def real_parameters(file: File, operation: str) -> dict[str, Any]:
    """Return the ids of an entity of the file's owner with a share and a publisher, and of the owner's organization."""
    version = file.version
    download = version.download
    Download.objects.filter(pk=download.pk).update(category=entity_category())
    partner = make_user()
    share = share_download(actor=system(), download=download, user=make_user())
    set_team_member(actor=system(), download=download, user=partner, flags={"can_edit"})
    organization = make_organization(members=(partner,))
    Membership.objects.create(organization=organization, user=download.owner, role="owner")
    return {
        "entity_id": download.public_id,
        "version_id": version.public_id,
        "share_id": share.public_id,
        "user_id": partner.public_id,
        "organization_id": organization.public_id,
        "role_id": "member",
    }
