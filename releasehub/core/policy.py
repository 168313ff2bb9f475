"""The base of every policy: `can_<action>` answers, `ensure` turns a no into the right error."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, get_args

from django.apps import apps
from django.db import models

from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, NotFound

Target = TypeVar("Target", bound=models.Model)
RELIED_ON = "relied_on"

_policies: dict[str, Policy[Any]] = {}


class Policy(Generic[Target]):
    """One object per model. What an actor may not see is NotFound, what it sees and may not change is Denied."""

    def __init__(self) -> None:
        """Register this object as the policy of its model, the `Version` of `Policy[Version]`."""
        bases: tuple[Any, ...] = type(self).__orig_bases__  # type: ignore[attr-defined]
        _policies[get_args(bases[0])[0]._meta.label] = self

    def can_view(self, actor: Actor, target: Target) -> bool:
        raise NotImplementedError

    def allows(self, action: str, actor: Actor, target: Target, **options: Any) -> bool:
        """Return whether `ensure` would pass: interfaces ask this before they offer a button."""
        return self.can_view(actor, target) and bool(getattr(self, f"can_{action}")(actor, target, **options))

    def is_deleted(self, target: Target) -> bool:
        return getattr(target, "deleted_at", None) is not None

    def standing(self, actor: Actor, target: Target) -> frozenset[str]:
        """Return the roles through which the actor has rights on the target, whatever state the target is in."""
        return frozenset({"viewer"}) if self.can_view(actor, target) else frozenset()

    def ensure(self, action: str, actor: Actor, target: Target, **options: Any) -> None:
        """Check that the actor may take the action.

        Raises:
            NotFound: The actor may not see the target.
            Denied: The actor sees the target and may not do this.
            Conflict: The target has to be restored first.
        """
        if not self.can_view(actor, target):
            raise NotFound
        if getattr(self, f"can_{action}")(actor, target, **options):
            self.note_reliance(actor, target)
            return
        if self.is_deleted(target):
            raise Conflict(ErrorCode.IS_DELETED, "This was deleted. Restore it first.")
        raise Denied

    def note_reliance(self, actor: Actor, target: Target) -> None:
        """Remember that this request relies on rights on the target; see `standings_of`."""
        actor.facts.setdefault(RELIED_ON, {})[target._meta.label, target.pk] = target


def _policy_of(model: type[models.Model]) -> Policy[Any]:
    """Return the policy of the model, or the one of the abstract model it extends, such as `Label`."""
    labels = (base._meta.label for base in model.__mro__ if hasattr(base, "_meta"))
    return next(_policies[label] for label in labels if label in _policies)


Standing = list[Any]  # [model label, primary key, sorted roles]; stored as JSON


def standings_of(actor: Actor) -> list[Standing]:
    """Return the roles on which everything in this request relied, to be checked when its answer is given again."""
    relied_on: dict[tuple[str, int], models.Model] = actor.facts.get(RELIED_ON, {})
    return [
        [label, pk, sorted(_policy_of(type(target)).standing(actor, target))]
        for (label, pk), target in relied_on.items()
        if target.pk is not None  # erased by this request: a replay passes over it as well
    ]


def ensure_standings(actor: Actor, standings: list[Standing]) -> None:
    """Check that the actor still has the roles; targets that were erased meanwhile are passed over.

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
        raise Denied("Your rights have changed since this request was first answered.")
