"""Named channels and platforms: create, change, delete."""

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
from versions.channels import InvalidChannel, clean_channel
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
    """For these downloads, or for all where none is named.

    Errors: Denied; Invalid; Conflict when one of them has a label of that name.
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
    """Only the fields given change; `downloads` replaces them all, and takes the right to the old and the new.

    Errors: NotFound, Denied; Invalid; Conflict when one of them has a label of that name.
    """
    label_policy.ensure("edit", actor, label)
    label = type(label).objects.select_for_update(of=("self",)).get(pk=label.pk)
    label_policy.ensure("edit", actor, label)
    before = list(label.downloads.all())
    wanted = before if downloads is None else downloads
    if downloads is not None and not label_policy.can_attach(actor, downloads):
        raise Denied
    if "name" in fields:
        fields["name"] = _clean_name(type(label), fields["name"])
    changes = audit.changed_fields(label, fields)
    if _ids(before) != _ids(wanted):
        changes["downloads"] = [_ids(before), _ids(wanted)]
    if not changes:
        return label
    assign(label, fields)
    if downloads is not None:
        label.is_general = not downloads
    _save(label, wanted)
    audit.record(actor=actor, action=ACTIONS[type(label)][1], target=label, changes=changes)
    return label


@transaction.atomic
def delete_label(*, actor: Actor, label: Label) -> None:
    """Versions that name it stay as they are.  Errors: NotFound, Denied."""
    label_policy.ensure("delete", actor, label)
    audit.record(actor=actor, action=ACTIONS[type(label)][2], target=label)
    label.delete()


def _save(label: Label, downloads: Sequence[Download]) -> None:
    """Locks on the downloads keep the check of the name true until the commit; general ones have a constraint."""
    for pk in _ids(downloads):
        lock_download(pk)
    others = type(label).objects.exclude(pk=label.pk).filter(name=label.name)
    if others.filter(downloads__in=_ids(downloads)).exists():
        raise _taken(label)
    try:
        with transaction.atomic():
            label.save()
    except IntegrityError as error:
        raise _taken(label) from error
    label.downloads.set(downloads)


def _taken(label: Label) -> Conflict:
    return Conflict(ErrorCode.LABEL_NAME_TAKEN, f"There is one named {label.name} already.", field="name")


def _clean_name(model: type[Label], name: str) -> str:
    """As versions keep them, so that both mean the same.  Errors: Invalid."""
    if model is not NamedChannel:
        return name.strip().lower()
    try:
        return clean_channel(name)
    except InvalidChannel as error:
        raise Invalid(ErrorCode.INVALID, str(error), field="name") from error


def _ids(downloads: Sequence[Download]) -> list[int]:
    return sorted({download.pk for download in downloads})
