"""The input of a lifecycle transition: the actor, the locked version and the options of the request."""

from dataclasses import dataclass
from datetime import datetime

from releasehub.core.actor import Actor
from versions.models import Version

NEW = "new"
DELETED = "deleted"


@dataclass
class Context:
    """The input of every guard and effect.

    Attributes:
        reason: Shown with a yanked or deleted version.
        publish_at: When a scheduled version is to be published.
        seal: Seal the version when it is published, even if its download does not seal by default.
        accept_pending_files: Count a file that is still being checked. Visitors are offered it once it passes.
        accept_no_files: Publish a version that has no files at all, because its notes are the release.
        visibility: The visibility that the version is to have.
    """

    actor: Actor
    version: Version
    reason: str = ""
    publish_at: datetime | None = None
    seal: bool = False
    accept_pending_files: bool = False
    accept_no_files: bool = False
    visibility: str = ""

    @property
    def state(self) -> str:
        """Return the current state, as in the column `From` of the transition table."""
        if self.version._state.adding:
            return NEW
        return DELETED if self.version.is_deleted else self.version.state
