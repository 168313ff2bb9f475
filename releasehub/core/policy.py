"""The base of every policy: `can_<action>` answers, `ensure` turns a no into the right error."""

from typing import Any, Generic, TypeVar

from django.db import models

from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, NotFound

Target = TypeVar("Target", bound=models.Model)


class Policy(Generic[Target]):
    """One object per model. What an actor may not see is NotFound, what it sees and may not change is Denied."""

    def can_view(self, actor: Actor, target: Target) -> bool:
        raise NotImplementedError

    def is_deleted(self, target: Target) -> bool:
        return getattr(target, "deleted_at", None) is not None

    def ensure(self, action: str, actor: Actor, target: Target, **options: Any) -> None:
        """Errors: NotFound, Denied; Conflict when the target has to be restored first."""
        if not self.can_view(actor, target):
            raise NotFound
        if getattr(self, f"can_{action}")(actor, target, **options):
            return
        if self.is_deleted(target):
            raise Conflict(ErrorCode.IS_DELETED, "This was deleted. Restore it first.")
        raise Denied
