"""The base class of all policies.

A policy says in its methods `can_<action>` whether an actor may take an action on a target. `ensure` calls them, and
raises the right error if the actor may not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, get_args

from django.apps import apps
from django.db import models

from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, NotFound

Target = TypeVar("Target", bound=models.Model)
RELIED_ON = "relied_on"

_policies: dict[str, Policy[Any]] = {}


class Policy(Generic[Target]):
    """The permissions on one model. There is one policy object per model.

    A target that the actor may not see raises NotFound. A target that it may see but not change raises Denied. The
    docstrings of use cases leave these two errors out, unless they have more to say about them.
    """

    def __init__(self) -> None:
        """Register this object as the policy of its model, which is the `Version` in `Policy[Version]`."""
        bases: tuple[Any, ...] = type(self).__orig_bases__  # type: ignore[attr-defined]
        _policies[get_args(bases[0])[0]._meta.label] = self

    def can_view(self, actor: Actor, target: Target) -> bool:
        """Return whether the actor may see the target. Every policy implements this."""
        raise NotImplementedError

    def allows(self, action: str, actor: Actor, target: Target, **options: Any) -> bool:
        """Return whether `ensure` would pass. Interfaces use this to decide whether to offer a button."""
        return self.can_view(actor, target) and bool(getattr(self, f"can_{action}")(actor, target, **options))

    def is_deleted(self, target: Target) -> bool:
        return getattr(target, "deleted_at", None) is not None

    def standing(self, actor: Actor, target: Target) -> frozenset[str]:
        """Return the names of the actor's roles on the target. They do not depend on the state of the target."""
        return frozenset({"viewer"}) if self.can_view(actor, target) else frozenset()

    def ensure(self, action: str, actor: Actor, target: Target, **options: Any) -> None:
        """Check that the actor may take the action.

        Raises:
            NotFound: The actor may not see the target.
            Denied: The actor may see the target, but not take this action on it.
            Conflict: The target is soft-deleted and has to be restored first.
        """
        if not self.can_view(actor, target):
            raise NotFound
        if action == "view" or getattr(self, f"can_{action}")(actor, target, **options):
            self.note_reliance(actor, target)
            return
        if self.is_deleted(target):
            raise Conflict(ErrorCode.IS_DELETED, "This item was deleted. Restore it first.")
        raise Denied

    def ensure_locked(self, action: str, actor: Actor, target: Target, lock: Callable[[Target], Target]) -> Target:
        """Check the right with `ensure`, and return the target as it is after `lock`.

        The right is checked before the lock, so that a stranger cannot hold the lock, and again after it, because
        another request may have changed the target while this one waited.
        """
        self.ensure(action, actor, target)
        locked = lock(target)
        self.ensure(action, actor, locked)
        return locked

    def visible_or_not_found(self, actor: Actor, target: Target | None) -> Target:
        """Return the target, such as the first row of a query.

        Raises:
            NotFound: There is none, or the actor may not see it.
        """
        if target is None or not self.can_view(actor, target):
            raise NotFound
        return target

    def note_reliance(self, actor: Actor, target: Target) -> None:
        """Record that this request relies on the actor's rights on the target. See `standings_of`."""
        actor.facts.setdefault(RELIED_ON, {})[target._meta.label, target.pk] = target


def _policy_of(model: type[models.Model]) -> Policy[Any]:
    """Return the policy of the model, or the one of the abstract model it extends, such as `Label`."""
    labels = (base._meta.label for base in model.__mro__ if hasattr(base, "_meta"))
    return next(_policies[label] for label in labels if label in _policies)


Standing = list[Any]  # [model label, primary key, sorted roles]; stored as JSON


def standings_of(actor: Actor) -> list[Standing]:
    """Return the roles that this request relied on.

    They are stored with the response of an idempotent request and checked again before that response is replayed, so
    that an actor who has lost its rights cannot read it.
    """
    relied_on: dict[tuple[str, int], models.Model] = actor.facts.get(RELIED_ON, {})
    return [
        [label, pk, sorted(_policy_of(type(target)).standing(actor, target))]
        for (label, pk), target in relied_on.items()
        if target.pk is not None  # hard-deleted by this request, so a replay skips it as well
    ]


def ensure_standings(actor: Actor, standings: list[Standing]) -> None:
    """Check that the actor still has the recorded roles. Targets that were hard-deleted since then are skipped.

    Raises:
        NotFound: The actor may no longer see a target.
        Denied: The actor has lost a role on a target.
    """
    for label, pk, roles in standings:
        model = apps.get_model(label)
        policy = _policy_of(model)
        target = model._base_manager.filter(pk=pk).first()
        if target is None or policy.standing(actor, target).issuperset(roles):
            continue
        if not policy.can_view(actor, target):
            raise NotFound
        raise Denied(
            "Your permissions have changed since this request was first processed. Its response is no longer available."
        )
