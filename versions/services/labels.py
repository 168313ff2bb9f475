"""Create, change and delete labels: the names and descriptions of channels and platforms."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from downloads.models import Download
from downloads.services import lock_download
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, Denied, ErrorCode, Invalid
from releasehub.core.locks import lock_row
from versions.channels import InvalidChannel, clean_channel_name
from versions.models import Label, NamedChannel, NamedPlatform
from versions.policies import label_policy

SomeLabel = TypeVar("SomeLabel", bound=Label)

ACTIONS: dict[type[Label], tuple[AuditAction, AuditAction, AuditAction]] = {
    NamedChannel: (AuditAction.CHANNEL_CREATE, AuditAction.CHANNEL_UPDATE, AuditAction.CHANNEL_DELETE),
    NamedPlatform: (AuditAction.PLATFORM_CREATE, AuditAction.PLATFORM_UPDATE, AuditAction.PLATFORM_DELETE),
}


@transaction.atomic
def create_label(
    *, actor: Actor, model: type[SomeLabel], name: str, downloads: Sequence[Download] = (), **fields: Any
) -> SomeLabel:
    """Create a label for the given downloads, or a general label for all downloads if `downloads` is empty.

    Raises:
        Denied: The actor may not manage the versions of all these downloads, or may not create general labels.
        Invalid: A field has an invalid value.
        Conflict: One of the downloads has a label of that name already.
    """
    if not label_policy.can_attach(actor, downloads):
        raise Denied
    label = model(is_general=not downloads)
    assign(label, {"name": _clean_name(model, name), **fields})
    _save(label, downloads)
    changes = {"downloads": _ids(downloads)}
    audit.record(actor=actor, action=ACTIONS[model][0], target=label, changes=changes)
    return label


@transaction.atomic
def update_label(
    *, actor: Actor, label: SomeLabel, downloads: Sequence[Download] | None = None, **fields: Any
) -> SomeLabel:
    """Change only the given fields of a label.

    `downloads` replaces all downloads of the label. The actor needs the right to manage the versions of the old ones
    and of the new ones.

    Raises:
        Invalid: A field has an invalid value.
        Conflict: One of the downloads has a label of that name already.
    """
    label_policy.ensure("edit", actor, label)
    # The downloads of the label may change while this request waits for the lock, so the policy is checked again.
    label = lock_row(label)
    label_policy.ensure("edit", actor, label)
    before = list(label.downloads.all())
    after = before if downloads is None else downloads
    if downloads is not None and not label_policy.can_attach(actor, downloads):
        raise Denied
    if "name" in fields:
        fields["name"] = _clean_name(type(label), fields["name"])
    changes = audit.changed_fields(label, fields)
    if _ids(before) != _ids(after):
        changes["downloads"] = [_ids(before), _ids(after)]
    if not changes:
        return label
    assign(label, fields)
    if downloads is not None:
        label.is_general = not downloads
    _save(label, after)
    audit.record(actor=actor, action=ACTIONS[type(label)][1], target=label, changes=changes)
    return label


@transaction.atomic
def delete_label(*, actor: Actor, label: Label) -> None:
    """Delete a label. The versions that refer to its name do not change."""
    label_policy.ensure("delete", actor, label)
    label = lock_row(label)
    audit.record(actor=actor, action=ACTIONS[type(label)][2], target=label)
    label.delete()


def _save(label: Label, downloads: Sequence[Download]) -> None:
    """Save the label and its downloads, or raise Conflict if one of them has a label of that name.

    No constraint can span the many-to-many table, so locks on the downloads keep the check valid until the commit. The
    name of a general label is protected by a database constraint.
    """
    # The ids are sorted, so that two requests lock the same downloads in the same order.
    for pk in _ids(downloads):
        lock_download(pk)
    others = type(label).objects.exclude(pk=label.pk).filter(name__iexact=label.name)
    if others.filter(downloads__in=_ids(downloads)).exists():
        raise _name_conflict(label)
    try:
        with transaction.atomic():
            label.save()
    except IntegrityError as error:
        raise _name_conflict(label) from error
    label.downloads.set(downloads)


def _name_conflict(label: Label) -> Conflict:
    return Conflict(
        ErrorCode.LABEL_NAME_TAKEN, f"The name {label.name} is already in use. Choose another name.", field="name"
    )


def _clean_name(model: type[Label], name: str) -> str:
    """Return the name without surrounding spaces. As in versions, its case does not matter."""
    if model is not NamedChannel:
        return name.strip()
    try:
        return clean_channel_name(name)
    except InvalidChannel as error:
        raise Invalid(str(error), field="name") from error


def _ids(downloads: Sequence[Download]) -> list[int]:
    return sorted({download.pk for download in downloads})
