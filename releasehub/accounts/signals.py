"""Signal handlers that record changes of users and groups in the audit log.

Elsewhere, services write to the audit log. But users and groups are also changed by Django's own forms, admin and
commands, which only send signals.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from releasehub.accounts.first_password import delete_first_password
from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.requests import current_actor

USER_FIELDS = (
    "username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser", "quota_bytes",
    "wants_sign_in_mail",
    "version_mail",
)  # fmt: skip
SECRET = "[secret]"  # noqa: S105 - a placeholder for a password
CREATED, UPDATED, DELETED = 0, 1, 2
ACTIONS = {
    User: (AuditAction.USER_CREATE, AuditAction.USER_UPDATE, AuditAction.USER_DELETE),
    Group: (AuditAction.GROUP_CREATE, AuditAction.GROUP_UPDATE, AuditAction.GROUP_DELETE),
}
FIELDS = {User: USER_FIELDS, Group: ("name",)}
RELATIONS = {
    User.groups.through: "groups",
    User.user_permissions.through: "user_permissions",
    Group.permissions.through: "permissions",
}


@receiver(pre_save, sender=User)
@receiver(pre_save, sender=Group)
def remember_values(sender: type[models.Model], instance: Any, **kwargs: Any) -> None:
    """Remember the stored values for `post_save`, where the database already has the new ones."""
    names = (*FIELDS[sender], "password") if sender is User else FIELDS[sender]
    fields = kwargs.get("update_fields")
    is_recorded = fields is None or not set(names).isdisjoint(fields)  # a sign-in only saves its time
    rows = sender._default_manager.filter(pk=instance.pk)
    instance._stored_values = rows.values(*names).first() if instance.pk and is_recorded else None


@receiver(post_save, sender=User)
@receiver(post_save, sender=Group)
def record_values(sender: type[models.Model], instance: Any, created: bool, **kwargs: Any) -> None:
    previous_values = instance.__dict__.pop("_stored_values", None)
    if created:
        changes = {name: getattr(instance, name) for name in FIELDS[sender]}
        audit.record(actor=current_actor(), action=ACTIONS[sender][CREATED], target=instance, changes=changes)
        return
    if previous_values is None:
        return
    pairs = {name: [previous_values[name], getattr(instance, name)] for name in FIELDS[sender]}
    if changes := {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}:
        audit.record(actor=current_actor(), action=ACTIONS[sender][UPDATED], target=instance, changes=changes)
    if sender is User and previous_values["password"] != instance.password and not _is_rehashed(instance, kwargs):
        if instance.is_superuser:
            delete_first_password()
        changes = {"password": [SECRET, SECRET]}
        audit.record(actor=current_actor(), action=AuditAction.USER_PASSWORD, target=instance, changes=changes)


def _is_rehashed(user: User, options: dict[str, Any]) -> bool:
    """Return whether Django only stores the same password with a new hasher, as it does at a sign-in."""
    return options.get("update_fields") == frozenset({"password"}) and user.__dict__.get("_password") is None


@receiver(post_delete, sender=User)
@receiver(post_delete, sender=Group)
def record_deletion(sender: type[models.Model], instance: Any, **kwargs: Any) -> None:
    audit.record(actor=current_actor(), action=ACTIONS[sender][DELETED], target=instance)


def record_relation(
    sender: Any, instance: Any, action: str, reverse: bool, model: Any, pk_set: Iterable[int] | None, **kwargs: Any
) -> None:
    """Record which groups or permissions were added or removed, from either end of the relation."""
    if action not in {"post_add", "post_remove", "pre_clear"}:
        return
    name = "users" if reverse else RELATIONS[sender]
    rows = (
        model._default_manager.filter(pk__in=pk_set) if pk_set is not None else _related_rows(instance, sender, reverse)
    )
    names = sorted(str(row) for row in rows)
    if names:
        pair = [[], names] if action == "post_add" else [names, []]
        audit.record(
            actor=current_actor(), action=ACTIONS[type(instance)][UPDATED], target=instance, changes={name: pair}
        )


def _related_rows(instance: Any, through: Any, reverse: bool) -> Any:
    """Return the objects that are about to be removed from the relation."""
    return instance.user_set.all() if reverse else getattr(instance, RELATIONS[through]).all()


for through in RELATIONS:
    m2m_changed.connect(record_relation, sender=through, dispatch_uid=f"audit {through._meta.label}")
