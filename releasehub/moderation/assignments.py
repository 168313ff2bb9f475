"""Assign rows of the queue to moderators."""

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet

from downloads.models.access import MODERATE
from releasehub.accounts.models import User
from releasehub.accounts.querysets import MODEL_BACKEND
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Invalid, NotFound
from releasehub.moderation.kinds import WAITING
from releasehub.moderation.models import Assignment, Kind
from releasehub.moderation.queue import ensure_moderator


def moderators() -> QuerySet[User]:
    """Return the users to whom the queue can be assigned."""
    holders = get_user_model()._default_manager.with_perm(MODERATE, backend=MODEL_BACKEND)
    rows: QuerySet[User] = User.objects.filter(pk__in=holders.values("pk"), is_active=True)
    return rows.filter(Q(is_staff=True) | Q(is_superuser=True)).order_by("username")


@transaction.atomic
def assign(*, actor: Actor, kind: Kind, object_id: int, assignee: User | None) -> None:
    """Assign a row of the queue to a moderator, or free it.

    Raises:
        NotFound: The row no longer waits for a decision.
        Invalid: The assignee is not a moderator.
    """
    ensure_moderator(actor)
    if assignee is not None and not moderators().filter(pk=assignee.pk).exists():
        message = f"{assignee.get_username()} may not moderate, so nothing can be assigned to this account."
        raise Invalid(message, field="assignee")
    target = WAITING[kind].load([object_id]).get(object_id)
    if target is None:
        raise NotFound("This no longer waits for a moderator.")
    rows = Assignment.objects.select_for_update().select_related("assignee")
    previous = rows.filter(kind=kind, object_id=object_id).first()
    if (previous.assignee if previous else None) == assignee:
        return
    if assignee is None:
        rows.filter(kind=kind, object_id=object_id).delete()
    else:
        Assignment.objects.update_or_create(kind=kind, object_id=object_id, defaults={"assignee": assignee})
    names = [_name(previous.assignee if previous else None), _name(assignee)]
    audit.record(actor=actor, action=AuditAction.MODERATION_ASSIGN, target=target, changes={"assignee": names})


def drop_assignments(*, actor: Actor, user: User) -> None:
    """Free the rows that were assigned to a user who is being anonymized."""
    Assignment.objects.filter(assignee=user).delete()


def _name(user: User | None) -> str:
    return user.get_username() if user else ""
