"""The deletion of a version that must not be the active one."""

from django.db import transaction

from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version


@transaction.atomic
def delete_inactive_version(*, actor: Actor, version: Version) -> None:
    """Soft-delete the version, as `delete_version` does.

    Raises:
        Conflict: The version is active. Another version has to be made active first.
    """
    version_policy.ensure("delete", actor, version)
    version = lock_version(version)
    if version.is_active:
        raise Conflict(
            ErrorCode.VERSION_IS_ACTIVE,
            f"Version {version.number} is the active version. Make another version active before you delete it.",
        )
    move(Move.DELETE, actor=actor, version=version)
